package dev.quoll.emulator.integer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Repeat;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Form;
import dev.quoll.emulator.oracle.HostCpu;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * MOVS, STOS, LODS, CMPS and SCAS of all sizes, alone and with both prefixes, in both directions, across the border of
 * pages, on overlapping and equal areas, against the host's processor.
 */
class StringOracleTest {
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RSI = 6;
    private static final int RDI = 7;
    private static final int[] COUNTS = {0, 1, 2, 3, 7, 8, 16, 63, 64, 129, 300};

    private final Random random = OracleRuns.random(StringOracleTest.class);

    @Test
    void stringsDoWhatTheHostDoes() throws Exception {
        compare(80);
    }

    @Test
    @Tag("long")
    void stringsDoWhatTheHostDoesLong() throws Exception {
        compare(10_000);
    }

    private void compare(int states) throws Exception {
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(OracleRuns.families(), random)) {
            for (OpcodeRow row : UserRows.of(Mnemonic.MOVS, Mnemonic.STOS, Mnemonic.LODS, Mnemonic.CMPS, Mnemonic.SCAS)) {
                for (int size : (opcode(row) & 1) != 0 ? List.of(2, 4, 8) : List.of(4)) {
                    for (Repeat repeat : Repeat.values()) {
                        // With 32-bit addresses the buffer is out of reach: only nothing can be repeated.
                        for (int addressSize : repeat == Repeat.NONE ? new int[] {8} : new int[] {4, 8}) {
                            Form form = Form.of(size, false).repeated(repeat, addressSize);
                            try {
                                Oracle.Setup setup = (i, s, d, a) -> prepare(i, addressSize, size, s, d, a);
                                oracle.compare(oracle.instance(row, form), states, setup, Flags.STATUS);
                            } catch (AssertionError e) {
                                failures.add(e.getMessage());
                            }
                        }
                    }
                }
            }
            System.out.println("StringOracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private static int opcode(OpcodeRow row) {
        return Integer.parseInt(row.encoding(), 16);
    }

    private void prepare(Instance instance, int addressSize, int operandSize, CpuState state, byte[] data, long address) {
        int size = (opcode(instance.row()) & 1) == 0 ? 1 : operandSize;
        int count = COUNTS[random.nextInt(COUNTS.length)];
        state.flags |= random.nextInt() & Flags.DF;
        if (addressSize == 4) {
            state.gpr[RCX] &= ~0xffff_ffffL;
            return;
        }
        state.gpr[RCX] = count;
        int span = size * Math.max(count, 1);
        int free = HostCpu.DATA_SIZE - span;
        int source = random.nextInt(free);
        int target = random.nextInt(3) == 0
                ? Math.clamp(source + random.nextInt(65) - 32, 0, free)
                : random.nextInt(free);
        if (instance.row().has(Attribute.REPCC)) {
            alike(state, data, source, target, span);
        }
        int first = (state.flags & Flags.DF) == 0 ? 0 : span - size;
        state.gpr[RSI] = address + source + first;
        state.gpr[RDI] = address + target + first;
    }

    /** Makes most elements compare equal, or for SCAS unequal, so that comparisons end anywhere. */
    private void alike(CpuState state, byte[] data, int source, int target, int span) {
        byte filler = (byte) state.gpr[RAX];
        if (random.nextBoolean()) {
            state.gpr[RAX] = (filler & 0xff) * 0x0101_0101_0101_0101L;
        }
        for (int i = 0; i < span; i++) {
            data[source + i] = filler;
            data[target + i] = filler;
        }
        if (random.nextInt(4) != 0) {
            data[target + random.nextInt(span)] ^= (byte) (1 << random.nextInt(8));
        }
    }
}
