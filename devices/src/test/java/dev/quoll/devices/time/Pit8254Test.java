package dev.quoll.devices.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.RecordingLine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class Pit8254Test {
    private final ManualTime time = new ManualTime();
    private final RecordingLine line = new RecordingLine();
    private final Pit8254 pit = new Pit8254(line, time, time.timers());

    @AfterEach
    void close() {
        time.close();
    }

    private void control(int word) {
        pit.writePort(3, 1, word);
    }

    private void load(int channel, int count) {
        pit.writePort(channel, 1, count & 0xff);
        pit.writePort(channel, 1, count >>> 8);
    }

    private int latched(int channel) {
        control(channel << 6);
        return pit.readPort(channel, 1) | pit.readPort(channel, 1) << 8;
    }

    /** Moves to the first nanosecond of a tick. */
    private void toTick(long tick) {
        time.advance(Ticks.nanosAt(tick, Pit8254.HZ) - time.nanos());
    }

    private int status(int channel) {
        control(0xe0 | 2 << channel);
        return pit.readPort(channel, 1);
    }

    @Test
    void rateGeneratorInterruptsEachPeriod() {
        control(0x34);
        load(0, 11_932);
        int before = line.edges();
        for (int i = 1; i <= 100; i++) {
            toTick(11_932L * i);
        }
        assertThat(line.edges() - before).isEqualTo(100);
        time.advance(50_000_000_000L);
        assertThat(line.edges() - before).as("5000 missed ticks come as one").isEqualTo(101);
        toTick(Ticks.at(time.nanos(), Pit8254.HZ) / 11_932 * 11_932 + 11_932 + 100);
        assertThat(latched(0)).isEqualTo(11_832);
    }

    @Test
    void oneShotOnTerminalCount() {
        control(0x30);
        load(0, 1000);
        assertThat(line.high()).isFalse();
        toTick(999);
        assertThat(line.high()).isFalse();
        assertThat(latched(0)).isEqualTo(1);
        toTick(1000);
        assertThat(line.high()).isTrue();
        toTick(1003);
        assertThat(latched(0)).as("counts on through zero").isEqualTo(0xfffd);
        pit.writePort(0, 1, 10);
        assertThat(line.high()).as("the first byte of two stops it").isFalse();
        assertThat(line.edges()).isEqualTo(1);
    }

    @Test
    void softwareStrobe() {
        control(0x38);
        assertThat(line.high()).isTrue();
        int before = line.edges();
        load(0, 500);
        toTick(501);
        assertThat(line.edges() - before).isEqualTo(1);
        toTick(100_000);
        assertThat(line.edges() - before).isEqualTo(1);
    }

    @Test
    void channelTwoMeasuresTimeForCalibration() {
        pit.systemControl().writePort(0, 1, 0x01);
        control(0xb0);
        load(2, 59_659);
        assertThat(pit.systemControl().readPort(0, 1) & 0x20).isZero();
        toTick(59_658);
        assertThat(pit.systemControl().readPort(0, 1) & 0x20).isZero();
        toTick(59_659);
        assertThat(pit.systemControl().readPort(0, 1) & 0x20).as("50 ms are over").isEqualTo(0x20);
        assertThat(line.edges()).isZero();
    }

    @Test
    void gateOfChannelTwo() {
        control(0xb0);
        load(2, 1000);
        toTick(100);
        assertThat(latched(2)).as("gate low: stands").isEqualTo(1000);
        pit.systemControl().writePort(0, 1, 0x01);
        toTick(200);
        assertThat(latched(2)).isEqualTo(900);
        pit.systemControl().writePort(0, 1, 0x00);
        toTick(300);
        assertThat(latched(2)).isEqualTo(900);
        pit.systemControl().writePort(0, 1, 0x03);
        assertThat(pit.speakerOn()).isTrue();
        toTick(400);
        assertThat(latched(2)).isEqualTo(800);
        control(0xb4);
        load(2, 1000);
        toTick(450);
        assertThat(latched(2)).isEqualTo(950);
        pit.systemControl().writePort(0, 1, 0x00);
        pit.systemControl().writePort(0, 1, 0x01);
        assertThat(latched(2)).as("mode 2 starts over with the gate").isEqualTo(1000);
    }

    @Test
    void hardwareTriggeredOneShot() {
        control(0xb2);
        load(2, 100);
        assertThat(status(2) & 0xc0).as("OUT high, count not loaded").isEqualTo(0xc0);
        pit.systemControl().writePort(0, 1, 1);
        assertThat(status(2) & 0xc0).isZero();
        toTick(50);
        pit.systemControl().writePort(0, 1, 0);
        pit.systemControl().writePort(0, 1, 1);
        toTick(149);
        assertThat(status(2) & 0x80).as("retriggered at 50").isZero();
        toTick(150);
        assertThat(status(2) & 0x80).isEqualTo(0x80);
    }

    @Test
    void squareWaveAndNewPeriodAtTheEndOfTheOld() {
        control(0x76);
        load(1, 1000);
        toTick(499);
        assertThat(status(1)).isEqualTo(0xb6);
        assertThat(latched(1)).isEqualTo(2);
        toTick(500);
        assertThat(status(1)).isEqualTo(0x36);
        assertThat(latched(1)).isEqualTo(1000);
        load(1, 100);
        toTick(999);
        assertThat(status(1)).as("old period, new count waits").isEqualTo(0x76);
        toTick(1049);
        assertThat(status(1)).isEqualTo(0xb6);
        toTick(1050);
        assertThat(status(1)).isEqualTo(0x36);
    }

    @Test
    void latchHoldsUntilReadAndReadBackTakesStatusFirst() {
        control(0x74);
        load(1, 0);
        toTick(0x1234);
        control(0x40);
        toTick(0x2000);
        control(0x40);
        control(0xc4);
        assertThat(pit.readPort(1, 1)).isEqualTo(0xb4);
        assertThat(pit.readPort(1, 1) | pit.readPort(1, 1) << 8).isEqualTo(0x10000 - 0x1234);
        assertThat(latched(1)).isEqualTo(0x10000 - 0x2000);
    }

    @Test
    void binaryCodedDecimalAndSingleBytes() {
        control(0x75);
        load(1, 0x1000);
        toTick(1);
        assertThat(latched(1)).isEqualTo(0x0999);
        control(0x54);
        pit.writePort(1, 1, 200);
        toTick(51);
        assertThat(pit.readPort(1, 1)).isEqualTo(150);
        control(0x64);
        pit.writePort(1, 1, 2);
        toTick(52);
        assertThat(pit.readPort(1, 1)).isEqualTo(1);
    }

    @Test
    void shortPeriodsDoNotFloodTheHost() {
        control(0x34);
        int before = line.edges();
        load(0, 2);
        time.advance(10_000_000, 10_000);
        assertThat(line.edges() - before).isBetween(150, 201);
    }

    @Test
    void refreshBitToggles() {
        int first = pit.systemControl().readPort(0, 1) & 0x10;
        time.advance(15_085);
        assertThat(pit.systemControl().readPort(0, 1) & 0x10).isNotEqualTo(first);
    }
}
