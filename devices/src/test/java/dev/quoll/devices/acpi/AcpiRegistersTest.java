package dev.quoll.devices.acpi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.RecordingLine;
import dev.quoll.devices.RecordingPower;
import dev.quoll.machine.PortBus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AcpiRegistersTest {
    private final ManualTime time = new ManualTime();
    private final RecordingLine sci = new RecordingLine();
    private final RecordingPower power = new RecordingPower();
    private final PortBus ports = new PortBus();
    private final Pm1Registers pm1 = new Pm1Registers(sci, power, time, time.timers());

    AcpiRegistersTest() {
        ports.register(0x600, SleepRegisters.PORTS, SleepRegisters.WIDTHS, new SleepRegisters(power));
        ports.register(0x608, PmTimer.PORTS, PmTimer.WIDTHS, new PmTimer(time));
        ports.register(0x700, Pm1Registers.PORTS, Pm1Registers.WIDTHS, pm1);
    }

    @AfterEach
    void close() {
        time.close();
    }

    @Test
    void pmTimerCountsAtItsRateAndWrapsAt32Bits() {
        time.advance(1_000_000_000L);
        assertThat(ports.read(0x608, 4)).isEqualTo(3_579_545);
        assertThat(ports.read(0x609, 1)).isEqualTo(3_579_545 >>> 8 & 0xff);
        ports.write(0x608, 4, 0);
        assertThat(ports.read(0x608, 4)).isEqualTo(3_579_545);
        time.advance(1_200_000_000_000L);
        assertThat(ports.read(0x608, 4)).isEqualTo((int) (3_579_545L * 1201));
    }

    @Test
    void reducedHardwareSleepAndReset() {
        ports.write(0x601, 1, 0x80);
        ports.write(0x600, 1, 0x20);
        ports.write(0x600, 1, 5 << 2);
        assertThat(power.events).as("SLP_EN with type 0, type 5 without SLP_EN").isEmpty();
        ports.write(0x600, 1, 5 << 2 | 0x20);
        ports.write(0x600, 1, 1);
        assertThat(power.events).containsExactly("off", "reset");
    }

    @Test
    void powerButtonRaisesSciUntilCleared() {
        assertThat(ports.read(0x704, 2) & 1).as("always in ACPI mode").isOne();
        ports.write(0x702, 2, 0x0120);
        pm1.pressPowerButton();
        assertThat(sci.high()).isTrue();
        assertThat(ports.read(0x700, 2)).isEqualTo(0x0100);
        assertThat(ports.read(0x701, 1)).isEqualTo(0x01);
        ports.write(0x700, 2, 0x0020);
        assertThat(sci.high()).isTrue();
        ports.write(0x701, 1, 0x01);
        assertThat(sci.high()).isFalse();
        ports.write(0x704, 2, 5 << 10 | 0x2000);
        assertThat(power.events).containsExactly("off");
    }

    @Test
    void timerStatusFollowsTheTopBit() {
        ports.write(0x702, 2, 0x0001);
        time.advance(599_000_000_000L);
        assertThat(sci.high()).isFalse();
        time.advance(1_000_000_000L);
        assertThat(sci.high()).isTrue();
        ports.write(0x700, 2, 1);
        assertThat(sci.high()).isFalse();
        time.advance(600_000_000_000L);
        assertThat(sci.edges()).isEqualTo(2);
    }
}
