package dev.quoll.emulator.avx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.EmulatedCpu;
import dev.quoll.emulator.oracle.Oracle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every row of FMA and F16C against the host's processor, with registers, memory and both vector lengths. */
class FusedOracleTest {
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x7f00_0000_0000L;
    private static final long ONES = 0x3f80_0000_3f80_0000L;
    private static final int PAGE_FAULT = 14;
    private static final int SIMD_FAULT = 19;
    private static final int INVALID = 1;

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        compare(3, 30);
    }

    @Test
    @Tag("long")
    void everyRowDoesWhatTheHostDoesManyTimes() throws Exception {
        compare(40, 2000);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x98, 0xa8, 0xb8}) // vfmadd132ps, vfmadd213ps, vfmadd231ps ymm1, ymm2, [rbx]
    void unmaskedExceptionLeavesTheDestination(int opcode) throws Exception {
        try (EmulatedCpu cpu = EmulatedCpu.create(List.of(new AvxFamily()), CODE, DATA)) {
            CpuState state = new CpuState();
            for (int i = 0; i < 4; i++) {
                state.setYmm(1, i, ONES);
                state.setYmm(2, i, ONES);
            }
            state.gpr[3] = DATA;
            byte[] data = new byte[4096];
            // The last of eight elements is a signaling NaN.
            ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putInt(28, 0x7f80_0001);
            state.setMxcsr(0x1f80 & ~(INVALID << 7));
            CpuState before = state.copy();
            cpu.place(new byte[] {(byte) 0xc4, (byte) 0xe2, 0x6d, (byte) opcode, 0x0b}, CODE);
            assertThat(cpu.run(state, data)).isEqualTo(SIMD_FAULT);
            assertThat(state.mxcsr()).isEqualTo(before.mxcsr() | INVALID);
            before.setMxcsr(state.mxcsr());
            assertThat(state.differences(before, 0)).isEmpty();
        }
    }

    /** A page fault of the store comes first: no flag is set then, and with the page there the same store raises #XM. */
    @Test
    void storeOfHalvesFaultsBeforeItRaisesFlags() throws Exception {
        try (EmulatedCpu cpu = EmulatedCpu.create(List.of(new AvxFamily()), CODE, DATA)) {
            CpuState state = new CpuState();
            state.setXmm(1, 0, 0x7f80_0001L);
            state.gpr[3] = DATA + 4096 - 4;
            byte[] data = new byte[4096];
            cpu.place(new byte[] {(byte) 0xc4, (byte) 0xe3, 0x79, 0x1d, 0x0b, 0}, CODE); // vcvtps2ph [rbx], xmm1, 0
            assertThat(cpu.run(state, data)).isEqualTo(PAGE_FAULT);
            assertThat(state.mxcsr()).isEqualTo(0x1f80);
            state.gpr[3] = DATA + 4096 - 8;
            state.setMxcsr(0x1f80 & ~(INVALID << 7));
            assertThat(cpu.run(state, data)).isEqualTo(SIMD_FAULT);
            assertThat(data).containsOnly(0);
            state.setMxcsr(0x1f80);
            assertThat(cpu.run(state, data)).isEqualTo(-1);
            assertThat(ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong(4088)).isEqualTo(0x7e00);
        }
    }

    private static void compare(int instances, int states) throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("FusedOracleTest seed " + seed);
        Random random = new Random(seed);
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(List.of(new AvxFamily()), random)) {
            for (OpcodeRow row : rows()) {
                if (oracle.hostHas(row.feature())) {
                    try {
                        oracle.compare(row, instances, states, Oracle.PLAIN);
                    } catch (AssertionError e) {
                        failures.add(e.getMessage());
                    }
                }
            }
            System.out.println("FusedOracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private static List<OpcodeRow> rows() {
        return OpcodeTable.rows().stream()
                .filter(row -> row.feature() == CpuFeature.FMA || row.feature() == CpuFeature.F16C)
                .toList();
    }
}
