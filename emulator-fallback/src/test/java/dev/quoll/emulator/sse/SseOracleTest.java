package dev.quoll.emulator.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CpuFeature;
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

/** Every SSE row against the host's processor, but for GFNI, which no CPU profile offers. */
class SseOracleTest {
    private static final int INSTANCES = 6;
    private static final int STATES = 40;

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("SseOracleTest seed " + seed);
        Random random = new Random(seed);
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(List.of(new SseFamily()), random)) {
            for (OpcodeRow row : rows()) {
                if (oracle.hostHas(row.feature())) {
                    try {
                        oracle.compare(row, INSTANCES, STATES, (i, s, d, a) -> prepare(random, i, s, d, a));
                    } catch (AssertionError e) {
                        failures.add(e.getMessage());
                    }
                }
            }
            System.out.println("SseOracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private static List<OpcodeRow> rows() {
        return OpcodeTable.rows().stream()
                .filter(row -> row.has(Attribute.SSE) && row.feature() != CpuFeature.GFNI)
                .toList();
    }

    private static void prepare(Random random, Instance instance, CpuState state, byte[] data, long dataAddress) {
        if (instance.row().mnemonic() == Mnemonic.MASKMOVDQU) {
            state.gpr[7] = dataAddress + random.nextInt(data.length - 15);
        }
        if (instance.row().mnemonic() == Mnemonic.LDMXCSR) {
            // Reserved bits would fault, cleared masks might trap later.
            int at = (int) (instance.target() - dataAddress);
            data[at] |= (byte) 0x80;
            data[at + 1] |= 0x1f;
            data[at + 2] = 0;
            data[at + 3] = 0;
        }
    }
}
