package dev.quoll.emulator.x87;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every row with MMX operands alone against the host's processor, bit by bit, from any x87 stack. */
class MmxOracleTest {
    private static final int INSTANCES = 6;
    private static final int STATES = 60;
    private static final int RDI = 7;

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("MmxOracleTest seed " + seed);
        Random random = new Random(seed);
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(List.of(new MmxFamily()), random)) {
            for (OpcodeRow row : rows()) {
                if (oracle.hostHas(row.feature())) {
                    try {
                        oracle.compare(row, INSTANCES, STATES, (i, s, d, a) -> prepare(random, i, s, d, a));
                    } catch (AssertionError e) {
                        failures.add(e.getMessage());
                    }
                }
            }
            System.out.println("MmxOracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private static List<OpcodeRow> rows() {
        return OpcodeTable.rows().stream()
                .filter(row -> row.has(Attribute.MMX) && !row.has(Attribute.SSE))
                .toList();
    }

    private static void prepare(Random random, Instance instance, CpuState state, byte[] data, long dataAddress) {
        if (instance.row().mnemonic() == Mnemonic.MASKMOVQ) {
            state.gpr[RDI] = dataAddress + random.nextInt(data.length - 7);
        }
        // Shift counts around the lanes' widths, which random values seldom are.
        int register = random.nextInt(8);
        state.setX87(register, random.nextInt(70), state.signAndExponent(register));
    }
}
