package dev.quoll.emulator.avx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import dev.quoll.emulator.sse.SseFamily;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every row of VEX-coded vector instructions against the host's processor, but for GFNI, which no CPU profile offers. */
class AvxOracleTest {
    private static final int INSTANCES = 6;
    private static final int STATES = 30;
    private static final Set<CpuFeature> ELSEWHERE = EnumSet.of(CpuFeature.GFNI, CpuFeature.FMA, CpuFeature.F16C);

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("AvxOracleTest seed " + seed);
        Random random = new Random(seed);
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(List.of(new SseFamily(), new AvxFamily()), random)) {
            for (OpcodeRow row : rows()) {
                if (oracle.hostHas(row.feature())) {
                    try {
                        oracle.compare(row, INSTANCES, STATES, (i, s, d, a) -> prepare(random, i, s, d, a));
                    } catch (AssertionError e) {
                        failures.add(e.getMessage());
                    }
                }
            }
            System.out.println("AvxOracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private static List<OpcodeRow> rows() {
        return OpcodeTable.rows().stream()
                .filter(row -> row.has(Attribute.AVX) && !ELSEWHERE.contains(row.feature()))
                .filter(row -> !List.of(row.encoding().split(" ")).contains("m32"))
                .toList();
    }

    private static void prepare(Random random, Instance instance, CpuState state, byte[] data, long dataAddress) {
        if (instance.gathers()) {
            aimElements(random, instance, state);
        }
        switch (instance.row().mnemonic()) {
            case VMASKMOVDQU -> state.gpr[7] = dataAddress + random.nextInt(data.length - 15);
            case VLDMXCSR -> {
                // Reserved bits would fault, cleared masks might trap later.
                int at = (int) (instance.target() - dataAddress);
                data[at] |= (byte) 0x80;
                data[at + 1] |= 0x1f;
                data[at + 2] = 0;
                data[at + 3] = 0;
            }
            default -> {}
        }
    }

    /** Indices, be they doublewords or quadwords, that stay in the data buffer around the base. */
    private static void aimElements(Random random, Instance instance, CpuState state) {
        Operand.Memory memory = instance.memory();
        boolean qwords = switch (instance.row().mnemonic()) {
            case VPGATHERQD, VPGATHERQQ, VGATHERQPS, VGATHERQPD -> true;
            default -> false;
        };
        for (int i = 0; i < 4; i++) {
            long low = random.nextInt(4000) - 2000 >> memory.scaleShift();
            long high = qwords ? low >> 63 : random.nextInt(4000) - 2000 >> memory.scaleShift();
            state.setYmm(memory.index(), i, low & 0xffff_ffffL | high << 32);
        }
    }
}
