package dev.quoll.devices.input;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import dev.quoll.devices.RecordingPower;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The dialogue of Linux's i8042 and atkbd drivers. */
class KeyboardControllerTest {
    private final RecordingLine line = new RecordingLine();
    private final RecordingPower power = new RecordingPower();
    private final KeyboardController controller = new KeyboardController(line, power);

    private int status() {
        return controller.commandPort().readPort(0, 1);
    }

    private void command(int value) {
        controller.commandPort().writePort(0, 1, value);
    }

    private void data(int value) {
        controller.writePort(0, 1, value);
    }

    private List<Integer> drain() {
        List<Integer> bytes = new ArrayList<>();
        while ((status() & 1) != 0) {
            bytes.add(controller.readPort(0, 1));
        }
        return bytes;
    }

    @Test
    void selfTestsAndCommandByte() {
        assertThat(status()).isEqualTo(0x10);
        command(0xaa);
        assertThat(drain()).containsExactly(0x55);
        assertThat(status() & 4).isEqualTo(4);
        command(0xab);
        assertThat(drain()).containsExactly(0x00);
        command(0x60);
        data(0x45);
        command(0x20);
        assertThat(drain()).containsExactly(0x45);
        command(0xad);
        command(0x20);
        assertThat(drain()).containsExactly(0x55);
    }

    @Test
    void noMouseAnswersAtOnce() {
        command(0xd3);
        data(0x5a);
        assertThat(status() & 0x21).as("loop-back byte without the AUX flag").isEqualTo(0x01);
        assertThat(drain()).containsExactly(0x5a);
        command(0xa9);
        assertThat(drain()).containsExactly(0x01);
        command(0xd4);
        data(0xf2);
        assertThat(status() & 0x61).isEqualTo(0x61);
        assertThat(drain()).containsExactly(0xfe);
    }

    @Test
    void keyboardIdentifiesItself() {
        command(0x60);
        data(0x04);
        data(0xff);
        assertThat(drain()).containsExactly(0xfa, 0xaa);
        data(0xf2);
        assertThat(drain()).containsExactly(0xfa, 0xab, 0x83);
        data(0xed);
        data(0x07);
        assertThat(drain()).containsExactly(0xfa, 0xfa);
        data(0xf0);
        data(0x00);
        assertThat(drain()).containsExactly(0xfa, 0xfa, 0x02);
        data(0xee);
        assertThat(drain()).containsExactly(0xee);
        data(0x55);
        assertThat(drain()).containsExactly(0xfe);
        command(0x60);
        data(0x44);
        data(0xf2);
        assertThat(drain()).as("translated").containsExactly(0xfa, 0xab, 0x41);
    }

    @Test
    void keysInterruptByteByByte() {
        command(0x60);
        data(0x45);
        int before = line.edges();
        assertThat(controller.pressCtrlAltDel()).isTrue();
        assertThat(line.high()).isTrue();
        assertThat(drain()).containsExactly(0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d);
        assertThat(line.edges() - before).isEqualTo(8);
        assertThat(line.high()).isFalse();
        data(0xf5);
        drain();
        assertThat(controller.type(0x1c)).as("scanning is off").isFalse();
    }

    @Test
    void floodIsBounded() {
        command(0x60);
        data(0x45);
        int taken = 0;
        while (controller.type(0x1c)) {
            taken++;
        }
        assertThat(taken).isBetween(16, 64);
        assertThat(drain()).hasSize(taken).containsOnly(0x1e);
    }

    @Test
    void resetPulses() {
        command(0xff);
        assertThat(power.events).isEmpty();
        command(0xfe);
        assertThat(power.events).containsExactly("reset");
        command(0xd1);
        data(0x02);
        assertThat(power.events).containsExactly("reset", "reset");
    }
}
