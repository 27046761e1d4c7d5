package dev.quoll.devices;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.interrupt.IoApic;
import dev.quoll.devices.interrupt.Pic8259;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.devices.time.CmosRtc;
import dev.quoll.devices.time.Hpet;
import dev.quoll.devices.time.Pit8254;
import dev.quoll.machine.InterruptLine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Devices wired to controllers as on a board, serviced as a kernel does. */
class WiringTest {
    private static final int PERIOD = 11_932;

    /** 100 Hz from the 8254 through the HPET's pass-through and the 8259, with an EOI each, for ten seconds. */
    @Test
    void timerTicksThroughThePic() {
        try (ManualTime time = new ManualTime()) {
            Pic8259 pic = new Pic8259(InterruptLine.NONE);
            Hpet hpet = new Hpet(
                    Collections.nCopies(24, InterruptLine.NONE), pic.input(0), pic.input(8), time, time.timers());
            Pit8254 pit = new Pit8254(hpet.pitInput(), time, time.timers());
            for (int word : new int[] {0x20, 0x04, 0x01}) {
                if (word == 0x20) {
                    pic.master().writePort(0, 1, 0x11);
                }
                pic.master().writePort(1, 1, word);
            }
            pic.master().writePort(1, 1, 0xfe);
            pit.writePort(3, 1, 0x34);
            pit.writePort(0, 1, PERIOD & 0xff);
            pit.writePort(0, 1, PERIOD >>> 8);
            int ticks = 0;
            for (int i = 0; i < 10_000; i++) {
                time.advance(1_000_000);
                if (pic.pending()) {
                    assertThat(pic.acknowledge()).isEqualTo(0x20);
                    pic.master().writePort(0, 1, 0x20);
                    ticks++;
                }
            }
            // One more comes from OUT rising as the mode is set.
            assertThat(ticks).isBetween(999, 1001);
        }
    }

    /** A console's output interrupts as the 8250 driver serves them on an edge-triggered I/O APIC pin. */
    @Test
    void serialTransmitInterruptsThroughTheIoApic() {
        try (ManualTime time = new ManualTime()) {
            List<Integer> vectors = new ArrayList<>();
            IoApic ioApic = new IoApic((address, data) -> vectors.add(data & 0xff));
            Uart16550 uart = new Uart16550("com1", ioApic.pin(4), SerialOutput.NONE, time, time.timers());
            ioApic.writeMmio(0, 4, 0x18);
            ioApic.writeMmio(0x10, 4, 0x34);
            uart.writePort(1, 1, 2);
            for (int i = 0; i < 100; i++) {
                assertThat(vectors).as("an edge for each emptying").hasSize(i + 1);
                assertThat(uart.readPort(2, 1)).isEqualTo(2);
                uart.writePort(0, 1, 'x');
            }
            assertThat(vectors).containsOnly(0x34);
        }
    }

    /** The RTC's periodic interrupt through the second 8259, at 2 Hz. */
    @Test
    void clockInterruptsThroughTheCascade() {
        try (ManualTime time = new ManualTime()) {
            Pic8259 pic = new Pic8259(InterruptLine.NONE);
            CmosRtc rtc = new CmosRtc(pic.input(8), time, time.timers());
            pic.master().writePort(1, 1, 0xfb);
            pic.slave().writePort(1, 1, 0xfe);
            rtc.writePort(0, 1, 10);
            rtc.writePort(1, 1, 0x2f);
            rtc.writePort(0, 1, 11);
            rtc.writePort(1, 1, 0x42);
            int ticks = 0;
            for (int i = 0; i < 100; i++) {
                time.advance(100_000_000);
                if (pic.pending()) {
                    assertThat(pic.acknowledge() & 7).isZero();
                    rtc.writePort(0, 1, 12);
                    assertThat(rtc.readPort(1, 1) & 0xc0).isEqualTo(0xc0);
                    pic.slave().writePort(0, 1, 0x20);
                    pic.master().writePort(0, 1, 0x20);
                    ticks++;
                }
            }
            assertThat(ticks).isBetween(19, 20);
        }
    }
}
