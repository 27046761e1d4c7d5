package dev.quoll.devices.interrupt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.RecordingLine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Pic8259Test {
    private final RecordingLine intr = new RecordingLine();
    private final Pic8259 pic = new Pic8259(intr);

    @BeforeEach
    void initialiseAsLinuxDoes() {
        initialise(0x01);
    }

    private void initialise(int icw4) {
        master(0, 0x11);
        master(1, 0x30);
        master(1, 0x04);
        master(1, icw4);
        slave(0, 0x11);
        slave(1, 0x38);
        slave(1, 0x02);
        slave(1, icw4);
    }

    private void master(int offset, int value) {
        pic.master().writePort(offset, 1, value);
    }

    private void slave(int offset, int value) {
        pic.slave().writePort(offset, 1, value);
    }

    @Test
    void acknowledgeAndEndOfInterrupt() {
        pic.input(4).pulse();
        assertThat(intr.high()).as("an edge is kept though the line fell").isTrue();
        assertThat(pic.acknowledge()).isEqualTo(0x34);
        assertThat(intr.high()).isFalse();
        master(0, 0x0b);
        assertThat(pic.master().readPort(0, 1)).isEqualTo(0x10);
        pic.input(6).pulse();
        assertThat(intr.high()).as("lower priority waits").isFalse();
        pic.input(1).pulse();
        assertThat(pic.acknowledge()).as("higher priority nests").isEqualTo(0x31);
        master(0, 0x20);
        assertThat(intr.high()).isFalse();
        master(0, 0x64);
        assertThat(pic.acknowledge()).isEqualTo(0x36);
    }

    @Test
    void secondChipGoesThroughTheCascade() {
        pic.input(12).pulse();
        assertThat(pic.acknowledge()).isEqualTo(0x3c);
        pic.input(8).pulse();
        assertThat(intr.high()).as("blocked by the cascade's own service").isFalse();
        slave(0, 0x20);
        master(0, 0x62);
        assertThat(intr.high()).isTrue();
        assertThat(pic.acknowledge()).isEqualTo(0x38);
        assertThatThrownBy(() -> pic.input(2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void specialFullyNestedModeLetsTheSecondChipNest() {
        initialise(0x11);
        pic.input(12).pulse();
        assertThat(pic.acknowledge()).isEqualTo(0x3c);
        pic.input(8).pulse();
        assertThat(intr.high()).isTrue();
        assertThat(pic.acknowledge()).isEqualTo(0x38);
    }

    @Test
    void maskHoldsBackAndReadsBack() {
        master(1, 0xff);
        slave(1, 0xa5);
        assertThat(pic.slave().readPort(1, 1)).isEqualTo(0xa5);
        pic.input(3).pulse();
        assertThat(pic.pending()).isFalse();
        master(0, 0x0a);
        assertThat(pic.master().readPort(0, 1)).isEqualTo(0x08);
        master(1, 0xf7);
        assertThat(pic.pending()).isTrue();
    }

    @Test
    void spuriousVectorsEnterNoService() {
        assertThat(pic.acknowledge()).isEqualTo(0x37);
        master(0, 0x0b);
        assertThat(pic.master().readPort(0, 1)).isZero();
        pic.input(11).pulse();
        slave(1, 0xff);
        assertThat(pic.acknowledge()).as("withdrawn behind the cascade").isEqualTo(0x3f);
        slave(0, 0x0b);
        assertThat(pic.slave().readPort(0, 1)).isZero();
        assertThat(pic.master().readPort(0, 1)).as("the cascade itself is in service").isEqualTo(4);
    }

    @Test
    void levelInputsFollowTheLine() {
        pic.edgeLevelControl().writePort(0, 1, 0xff);
        pic.edgeLevelControl().writePort(1, 1, 0xff);
        assertThat(pic.edgeLevelControl().readPort(0, 1)).isEqualTo(0xf8);
        assertThat(pic.edgeLevelControl().readPort(1, 1)).isEqualTo(0xde);
        pic.input(5).setLevel(true);
        assertThat(pic.pending()).isTrue();
        pic.input(5).setLevel(false);
        assertThat(pic.pending()).isFalse();
        pic.input(5).setLevel(true);
        assertThat(pic.acknowledge()).isEqualTo(0x35);
        assertThat(pic.pending()).isFalse();
        master(0, 0x20);
        assertThat(pic.pending()).as("still high").isTrue();
    }

    @Test
    void automaticEndOfInterruptAndRotation() {
        initialise(0x03);
        pic.input(4).pulse();
        assertThat(pic.acknowledge()).isEqualTo(0x34);
        pic.input(5).pulse();
        assertThat(pic.acknowledge()).isEqualTo(0x35);
        master(0, 0x80);
        pic.input(3).pulse();
        assertThat(pic.acknowledge()).isEqualTo(0x33);
        pic.input(3).pulse();
        pic.input(4).pulse();
        assertThat(pic.acknowledge()).as("3 is now lowest").isEqualTo(0x34);
        initialise(0x01);
        master(0, 0xc4);
        pic.input(5).pulse();
        pic.input(0).pulse();
        assertThat(pic.acknowledge()).as("set priority: 5 is highest").isEqualTo(0x35);
        master(0, 0xa0);
        assertThat(pic.acknowledge()).isEqualTo(0x30);
    }

    @Test
    void specialMaskModeUnblocksLowerLevels() {
        pic.input(1).pulse();
        pic.acknowledge();
        pic.input(6).pulse();
        assertThat(pic.pending()).isFalse();
        master(1, 0x02);
        master(0, 0x68);
        assertThat(pic.pending()).isTrue();
        assertThat(pic.acknowledge()).isEqualTo(0x36);
        master(0, 0x48);
        assertThat(pic.pending()).isFalse();
    }

    @Test
    void pollActsAsAcknowledge() {
        master(0, 0x0c);
        assertThat(pic.master().readPort(0, 1)).isZero();
        pic.input(6).pulse();
        master(0, 0x0c);
        assertThat(pic.master().readPort(0, 1)).isEqualTo(0x86);
        assertThat(pic.pending()).isFalse();
        master(0, 0x0b);
        assertThat(pic.master().readPort(0, 1)).isEqualTo(0x40);
    }
}
