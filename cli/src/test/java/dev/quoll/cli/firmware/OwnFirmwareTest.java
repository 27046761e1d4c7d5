package dev.quoll.cli.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.boot.FirmwareImage;
import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.cli.demo.CapturedConsole;
import dev.quoll.machine.Engines;
import dev.quoll.machine.Outcome;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Firmware of a few bytes on the board that is made for it: reset vector, ROM, shadow RAM, configuration device, power. */
@Timeout(60)
class OwnFirmwareTest {
    private static final int LENGTH = 0x10000;
    private static final int RESET_VECTOR = 0xfff0;
    private static final int COM1 = 0x3f8;
    private static final int MARK = 0x800;
    private static final int ROUTINE = 0x900;
    private static final int FIRST_ATTRIBUTE = 0x90;
    private static final int LPC = 0x1f;

    private static Pc pc(byte[] image, CapturedConsole console, String jit) throws Exception {
        return new PcBuilder()
                .engine(Engines.named("emulator").with("jit", jit))
                .memory(16 << 20)
                .firmware(new FirmwareImage("test", image, Optional.empty()))
                .console(console)
                .build();
    }

    private static void place(byte[] image, int at, int... octets) {
        for (int i = 0; i < octets.length; i++) {
            image[at + i] = (byte) octets[i];
        }
    }

    /** The end of the image, which is also at 0xf0000: the reset vector jumps there. */
    private static byte[] image(RealModeCode code) {
        byte[] image = new byte[LENGTH];
        byte[] bytes = code.bytes();
        assertThat(bytes.length).isLessThan(MARK);
        System.arraycopy(bytes, 0, image, 0, bytes.length);
        place(image, MARK, 'R');
        // MOV AL, 'V'; RET
        place(image, ROUTINE, 0xb0, 'V', 0xc3);
        place(image, RESET_VECTOR, 0xea, 0, 0, 0, 0xf0);
        return image;
    }

    private static RealModeCode show(RealModeCode code) {
        return code.loadAl(MARK).outAl(COM1);
    }

    private static RealModeCode powerOff(RealModeCode code) {
        return code.config32(LPC, 0x40, 0x601).config8(LPC, 0x44, 0x80).out16(0x604, 0x2000).code(0xf4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "host"})
    void romAndItsShadow(String jit) throws Exception {
        // A stack at 0:7000, DS and ES to the BIOS's segment.
        RealModeCode code = new RealModeCode()
                .code(0x31, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x70)
                .code(0xb8, 0x00, 0xf0, 0x8e, 0xd8, 0x8e, 0xc0);
        code.out8(COM1, 'A');
        show(code);
        // ROM takes no write.
        show(code.store(MARK, 'X'));
        // Reads from ROM, writes to RAM: 64 KiB copied onto themselves, CLD; XOR SI, SI; XOR DI, DI; XOR CX, CX; DEC CX; REP MOVSB; MOVSB.
        code.config8(0, FIRST_ATTRIBUTE, 0x20).code(0xfc, 0x31, 0xf6, 0x31, 0xff, 0x31, 0xc9, 0x49, 0xf3, 0xa4, 0xa4);
        show(code.store(MARK, 'S'));
        code.store(ROUTINE + 1, 'U').call(ROUTINE).outAl(COM1);
        // RAM that takes no write, then RAM, then ROM again.
        show(code.config8(0, FIRST_ATTRIBUTE, 0x10));
        show(code.store(MARK, 'T'));
        code.call(ROUTINE).outAl(COM1);
        show(code.config8(0, FIRST_ATTRIBUTE, 0x30).store(MARK, 'T'));
        code.call(ROUTINE).outAl(COM1);
        show(code.config8(0, FIRST_ATTRIBUTE, 0));
        code.call(ROUTINE).outAl(COM1);
        CapturedConsole console = new CapturedConsole();
        try (Pc pc = pc(image(powerOff(code)), console, jit)) {
            pc.machine().start();
            assertThat(pc.machine().await(30, TimeUnit.SECONDS)).contains(new Outcome.PoweredOff("ACPI S5"));
            assertThat(pc.loadedKernel()).isEmpty();
        }
        assertThat(console.text()).isEqualTo("ARR" + "RV" + "SSU" + "TU" + "RV");
    }

    @Test
    void theConfigurationDeviceAndAResetThatBringsTheRomBack() throws Exception {
        RealModeCode code = new RealModeCode().code(0xb8, 0x00, 0xf0, 0x8e, 0xd8);
        show(code);
        code.out16(0x510, 0);
        for (int i = 0; i < 4; i++) {
            code.inAl(0x511).outAl(COM1);
        }
        // Only the first time: the CMOS remembers. JNZ over the reset.
        code.out8(0x70, 0x40).inAl(0x71).code(0x84, 0xc0, 0x75);
        RealModeCode reset = new RealModeCode().out8(0x71, 1).config8(0, FIRST_ATTRIBUTE, 0x30).store(MARK, 'Z').out8(0x92, 1).code(0xf4);
        code.code(reset.bytes().length);
        for (byte octet : reset.bytes()) {
            code.code(octet);
        }
        CapturedConsole console = new CapturedConsole();
        try (Pc pc = pc(image(powerOff(code)), console, "off")) {
            pc.machine().start();
            assertThat(pc.machine().await(30, TimeUnit.SECONDS)).contains(new Outcome.PoweredOff("ACPI S5"));
        }
        assertThat(console.text()).isEqualTo("RQEMURQEMU");
    }

    @Test
    void whatCannotBeFirmwareIsRefused() {
        assertThatThrownBy(() -> new FirmwareImage("short.bin", new byte[512], Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("short.bin has 512 bytes");
        assertThatThrownBy(() -> new PcBuilder().build()).isInstanceOf(IllegalStateException.class);
    }
}
