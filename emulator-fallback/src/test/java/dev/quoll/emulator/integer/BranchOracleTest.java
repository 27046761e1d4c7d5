package dev.quoll.emulator.integer;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Oracle;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Every condition with every state of the status flags, as Jcc in both lengths, SETcc and CMOVcc, behind each way in which
 * the emulator remembers flags; against the host's processor.
 */
class BranchOracleTest {
    private static final int[] STATUS_BITS = {Flags.CF, Flags.PF, Flags.AF, Flags.ZF, Flags.SF, Flags.OF};

    /** What makes the flags: nothing, additions and subtractions, logic, shifts and BT, of EAX and ECX in all sizes. */
    private static final int[][] SOURCES = {
        {},
        {0x01, 0xc8},
        {0x29, 0xc8},
        {0x39, 0xc8},
        {0x48, 0x39, 0xc8},
        {0x66, 0x39, 0xc8},
        {0x38, 0xc8},
        {0x11, 0xc8},
        {0x19, 0xc8},
        {0x21, 0xc8},
        {0xff, 0xc0},
        {0xff, 0xc8},
        {0xd1, 0xe0},
        {0xf7, 0xd8},
        {0x85, 0xc0},
        {0x84, 0xc9},
        {0x83, 0xf8, 0xff},
        {0x83, 0xf8, 0x00},
        {0x3d, 0x00, 0x00, 0x00, 0x80},
        {0xd1, 0xd8},
        {0x0f, 0xa3, 0xc8}
    };

    private final Random random = OracleRuns.random(BranchOracleTest.class);

    @Test
    void conditionsHoldWhenTheyHoldOnTheHost() throws Exception {
        try (Oracle oracle = Oracle.open(OracleRuns.families(), random)) {
            for (int[] source : SOURCES) {
                for (int condition = 0; condition < 16; condition++) {
                    oracle.place(program(source, condition));
                    for (int state = 0; state < 64; state++) {
                        compare(oracle, source, condition, state);
                    }
                }
            }
        }
    }

    private void compare(Oracle oracle, int[] source, int condition, int flags) {
        CpuState state = oracle.state();
        state.flags = 0;
        for (int bit = 0; bit < STATUS_BITS.length; bit++) {
            state.flags |= (flags >> bit & 1) != 0 ? STATUS_BITS[bit] : 0;
        }
        if (random.nextInt(3) == 0) {
            state.gpr[1] = state.gpr[0];
        }
        oracle.compare(
                state,
                oracle.data(),
                Flags.STATUS,
                () -> "condition %x behind %s".formatted(condition, Arrays.toString(source)));
    }

    /** Each path leaves its own mark: EBX counts taken and skipped branches, ESI, EDI and R8 hold results. */
    private static byte[] program(int[] source, int condition) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        bytes(out, source);
        bytes(out, 0x0f, 0x90 | condition, 0xc2); // setcc dl
        bytes(out, 0x0f, 0x40 | condition, 0xf7); // cmovcc esi, edi
        bytes(out, 0x4d, 0x0f, 0x40 | condition, 0xc1); // cmovcc r8, r9
        bytes(out, 0x70 | condition, 3); // jcc over
        bytes(out, 0x8d, 0x5b, 0x01); // lea ebx, [rbx+1]
        bytes(out, source);
        bytes(out, 0x0f, 0x80 | condition, 4, 0, 0, 0); // jcc over
        bytes(out, 0x8d, 0x5b, 0x10, 0x90); // lea ebx, [rbx+16]; nop
        bytes(out, 0x8d, 0x6b, 0x01); // lea ebp, [rbx+1]
        return out.toByteArray();
    }

    private static void bytes(ByteArrayOutputStream out, int... values) {
        for (int value : values) {
            out.write(value);
        }
    }
}
