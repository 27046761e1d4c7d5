package dev.quoll.devices.interrupt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IoApicTest {
    private record Message(long address, int data) {}

    private final List<Message> sent = new ArrayList<>();
    private final IoApic ioApic = new IoApic((address, data) -> sent.add(new Message(address, data)));

    private long read(int register) {
        ioApic.writeMmio(0, 4, register);
        return ioApic.readMmio(0x10, 4);
    }

    private void write(int register, long value) {
        ioApic.writeMmio(0, 4, register);
        ioApic.writeMmio(0x10, 4, value);
    }

    private void route(int pin, long low, int destination) {
        write(0x11 + 2 * pin, (long) destination << 24);
        write(0x10 + 2 * pin, low);
    }

    @Test
    void identification() {
        assertThat(read(1)).isEqualTo(0x0017_0020);
        write(0, 0x0f00_0000);
        assertThat(read(0)).isEqualTo(0x0f00_0000);
        for (int pin = 0; pin < IoApic.PINS; pin++) {
            assertThat(read(0x10 + 2 * pin)).as("masked at power-on").isEqualTo(0x1_0000);
        }
        write(0x10, 0xffff_ffffL);
        assertThat(read(0x10)).as("delivery status and remote IRR are read-only").isEqualTo(0x1_afff);
    }

    @Test
    void edgeIsSentOnceARiseAndLostWhileMasked() {
        route(4, 0x34, 3);
        ioApic.pin(4).setLevel(true);
        ioApic.pin(4).setLevel(true);
        assertThat(sent).containsExactly(new Message(0xfee0_3000L, 0x34));
        ioApic.pin(4).setLevel(false);
        ioApic.pin(4).pulse();
        assertThat(sent).hasSize(2);
        route(4, 0x1_0034, 3);
        ioApic.pin(4).pulse();
        route(4, 0x34, 3);
        assertThat(sent).hasSize(2);
    }

    @Test
    void levelWaitsForEndOfInterrupt() {
        route(9, 0xa9 | 0x8000 | 0x800, 5);
        ioApic.pin(9).setLevel(true);
        assertThat(sent).containsExactly(new Message(0xfee0_5004L, 0xc0a9));
        assertThat(read(0x10 + 18) & 0x4000).isNotZero();
        ioApic.pin(9).setLevel(false);
        ioApic.pin(9).setLevel(true);
        assertThat(sent).hasSize(1);
        ioApic.endOfInterrupt(0x99);
        assertThat(sent).hasSize(1);
        ioApic.endOfInterrupt(0xa9);
        assertThat(sent).as("still high: sent again").hasSize(2);
        ioApic.pin(9).setLevel(false);
        ioApic.writeMmio(0x40, 4, 0xa9);
        assertThat(sent).hasSize(2);
        assertThat(read(0x10 + 18) & 0x4000).as("directed EOI cleared it").isZero();
    }

    @Test
    void levelIsSentWhenUnmasked() {
        route(16, 0x1_80c0, 0);
        ioApic.pin(16).setLevel(true);
        assertThat(sent).isEmpty();
        route(16, 0x80c0, 0);
        assertThat(sent).hasSize(1);
        route(16, 0x1_00c0, 0);
        assertThat(read(0x10 + 32) & 0x4000).as("an edge entry has no remote IRR").isZero();
    }

    @Test
    void externalInterruptsAndLowestPriority() {
        route(0, 0x700, 0);
        ioApic.pin(0).setLevel(true);
        assertThat(sent.getLast()).isEqualTo(new Message(0xfee0_0000L, 0x700));
        route(1, 0x931, 0xff);
        ioApic.pin(1).setLevel(true);
        assertThat(sent.getLast()).isEqualTo(new Message(0xfeef_f00cL, 0x131));
    }

    @Test
    void sharedLineIsAnOr() {
        SharedLine shared = new SharedLine(ioApic.pin(20));
        route(20, 0x80d0, 0);
        var first = shared.driver();
        var second = shared.driver();
        first.setLevel(true);
        second.setLevel(true);
        first.setLevel(false);
        ioApic.endOfInterrupt(0xd0);
        assertThat(sent).hasSize(2);
        second.setLevel(false);
        ioApic.endOfInterrupt(0xd0);
        assertThat(sent).hasSize(2);
    }
}
