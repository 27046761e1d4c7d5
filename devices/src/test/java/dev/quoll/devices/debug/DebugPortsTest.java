package dev.quoll.devices.debug;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.RecordingPower;
import dev.quoll.devices.serial.SerialOutput;
import org.junit.jupiter.api.Test;

class DebugPortsTest {
    @Test
    void debugConsoleAnswersItsProbeAndPassesBytes() {
        StringBuilder text = new StringBuilder();
        DebugConsole console = new DebugConsole("debug", new SerialOutput() {
            @Override
            public boolean offer(int octet) {
                text.append((char) octet);
                return true;
            }

            @Override
            public void whenReady(Runnable callback) {
                throw new AssertionError("the debug console never waits");
            }
        });
        assertThat(console.readPort(0, 1)).isEqualTo(0xe9);
        console.writePort(0, 1, 'o');
        console.writePort(0, 1, 'k');
        assertThat(text).hasToString("ok");
    }

    @Test
    void bootStampsKeepTheFirstTimeOfEachCode() {
        try (ManualTime time = new ManualTime()) {
            BootStampPort stamps = new BootStampPort(time);
            time.advance(5_000);
            stamps.writePort(0, 1, 0x7b);
            time.advance(5_000);
            stamps.writePort(0, 1, 0x7b);
            stamps.writePort(0, 1, 0x01);
            assertThat(stamps.firstNanosOf(0x7b)).isEqualTo(5_000);
            assertThat(stamps.firstNanosOf(0x01)).isEqualTo(10_000);
            assertThat(stamps.firstNanosOf(0x02)).isEqualTo(-1);
            assertThat(stamps.readPort(0, 1)).isEqualTo(1);
        }
    }

    @Test
    void exitStatusIsOdd() {
        RecordingPower power = new RecordingPower();
        new DebugExitPort(power).writePort(0, 4, 0x10);
        assertThat(power.events).containsExactly("exit 33");
    }

    @Test
    void resetNeedsARisingBit() {
        RecordingPower power = new RecordingPower();
        ResetControlPort reset = new ResetControlPort(power);
        reset.writePort(0, 1, 0x02);
        assertThat(power.events).isEmpty();
        reset.writePort(0, 1, 0x06);
        reset.writePort(0, 1, 0x0e);
        assertThat(power.events).containsExactly("reset");
        assertThat(reset.readPort(0, 1)).isEqualTo(0x0e);
    }
}
