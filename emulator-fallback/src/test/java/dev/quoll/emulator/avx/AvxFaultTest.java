package dev.quoll.emulator.avx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.EmulatedCpu;
import dev.quoll.emulator.sse.SseFamily;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What faults, and that nothing has changed when it does. RBX points to the operand; the page behind DATA's is missing. */
class AvxFaultTest {
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x7f00_0000_0000L;
    private static final int PAGE = 4096;
    private static final int RBX = 3;

    private static final int INVALID_OPCODE = 6;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    private static final int SIMD_FAULT = 19;

    private static final int ZERO_DIVIDE = 1 << 2;

    private EmulatedCpu cpu;
    private CpuState state;
    private byte[] data;

    @BeforeEach
    void prepare() throws Exception {
        cpu = EmulatedCpu.create(List.of(new SseFamily(), new AvxFamily()), CODE, DATA);
        state = new CpuState();
        Random random = new Random(7);
        for (int i = 0; i < 16; i++) {
            for (int quadword = 0; quadword < 4; quadword++) {
                state.setYmm(i, quadword, random.nextLong());
            }
        }
        data = new byte[PAGE];
        random.nextBytes(data);
    }

    @AfterEach
    void close() {
        cpu.close();
    }

    private int run(String code) {
        cpu.place(HexFormat.of().parseHex(code.replace(" ", "")), CODE);
        return cpu.run(state, data);
    }

    /** Runs what must fault, and checks that registers and memory are as before. */
    private void assertFault(int vector, String code) {
        CpuState before = state.copy();
        byte[] dataBefore = data.clone();
        assertThat(run(code)).as(code).isEqualTo(vector);
        assertThat(state.xmmEquals(before)).as("vector registers").isTrue();
        assertThat(state.gpr).isEqualTo(before.gpr);
        assertThat(data).isEqualTo(dataBefore);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 15})
    void onlyAlignedMovesNeedAlignment(int offset) {
        state.gpr[RBX] = DATA + 64 + offset;
        assertFault(GENERAL_PROTECTION, "c5 f8 28 03"); // vmovaps xmm0, [rbx]
        assertFault(GENERAL_PROTECTION, "c5 fc 28 03"); // vmovaps ymm0, [rbx]
        assertFault(GENERAL_PROTECTION, "c5 fd 7f 03"); // vmovdqa [rbx], ymm0
        assertFault(GENERAL_PROTECTION, "c5 f9 7f 03"); // vmovdqa [rbx], xmm0
        assertFault(GENERAL_PROTECTION, "c5 fd e7 03"); // vmovntdq [rbx], ymm0
        assertFault(GENERAL_PROTECTION, "c4 e2 7d 2a 03"); // vmovntdqa ymm0, [rbx]
        assertThat(run("c5 f5 fe 03")).isEqualTo(-1); // vpaddd ymm0, ymm1, [rbx]
        assertThat(run("c5 f4 58 03")).isEqualTo(-1); // vaddps ymm0, ymm1, [rbx]
        assertThat(run("c4 e2 71 dc 03")).isEqualTo(-1); // vaesenc xmm0, xmm1, [rbx]
        assertThat(run("c5 ff f0 03")).isEqualTo(-1); // vlddqu ymm0, [rbx]
    }

    @Test
    void sixteenBytesAreNotEnoughForYmm() {
        state.gpr[RBX] = DATA + 16;
        assertThat(run("c5 f8 28 03")).isEqualTo(-1); // vmovaps xmm0, [rbx]
        assertFault(GENERAL_PROTECTION, "c5 fc 28 03"); // vmovaps ymm0, [rbx]
    }

    @ParameterizedTest
    @CsvSource({"-1", "-16", "-25", "-31", "4065", "4072", "4080", "4095"})
    void accessAcrossAnUnmappedPageChangesNothing(int offset) {
        state.gpr[RBX] = DATA + offset;
        for (String code : List.of(
                "c5 fc 10 03", // vmovups ymm0, [rbx]
                "c5 fc 11 03", // vmovups [rbx], ymm0
                "c5 fd fe 03", // vpaddd ymm0, ymm0, [rbx]
                "c5 fc 58 03", // vaddps ymm0, ymm0, [rbx]
                "c4 e3 fd 00 03 1b")) { // vpermq ymm0, [rbx], 27
            assertFault(PAGE_FAULT, code);
            // The address reported is the first one that is not mapped.
            assertThat(cpu.cr2).isEqualTo(offset < 0 ? DATA + offset : DATA + PAGE);
        }
    }

    @Test
    void maskedMovesTouchOnlyWhatIsChosen() {
        state.gpr[RBX] = DATA + PAGE - 16;
        mask(1, 0x8000_0000L, 1L << 63, 0, 0);
        CpuState before = state.copy();
        assertThat(run("c4 e2 75 2c 03")).isEqualTo(-1); // vmaskmovps ymm0, ymm1, [rbx]
        assertThat(state.ymm(0, 0)).isEqualTo(dword(PAGE - 16));
        assertThat(state.ymm(0, 1)).isEqualTo(dword(PAGE - 4) << 32);
        assertThat(state.ymm(0, 2) | state.ymm(0, 3)).isZero();
        assertThat(run("c4 e2 75 8e 13")).isEqualTo(-1); // vpmaskmovd [rbx], ymm1, ymm2
        assertThat(dword(PAGE - 16)).isEqualTo(before.ymm(2, 0) & 0xffff_ffffL);
        assertThat(dword(PAGE - 4)).isEqualTo(before.ymm(2, 1) >>> 32);
        mask(1, 0x8000_0000L, 0, 0, 1L << 63);
        assertFault(PAGE_FAULT, "c4 e2 75 2c 03");
        assertFault(PAGE_FAULT, "c4 e2 75 8e 13");
        state.gpr[RBX] = 0;
        mask(1, 0, 0, 0, 0);
        assertThat(run("c4 e2 75 2c 03")).isEqualTo(-1);
        assertThat(run("c4 e2 75 8e 13")).isEqualTo(-1);
    }

    @Test
    void gatherGoesOnWhereItFaulted() {
        state.gpr[RBX] = DATA;
        mask(1, 1L << 63, -1, 0x7fff_ffff_ffff_ffffL, -1);
        // The last element lies behind the page.
        state.setYmm(2, 0, 8);
        state.setYmm(2, 1, 16);
        state.setYmm(2, 2, 24);
        state.setYmm(2, 3, PAGE);
        CpuState before = state.copy();
        assertThat(run("c4 e2 f5 91 04 13")).isEqualTo(PAGE_FAULT); // vpgatherqq ymm0, [rbx+ymm2], ymm1
        assertThat(cpu.cr2).isEqualTo(DATA + PAGE);
        assertThat(state.ymm(0, 0)).isEqualTo(qword(8));
        assertThat(state.ymm(0, 1)).isEqualTo(qword(16));
        assertThat(state.ymm(0, 2)).isEqualTo(before.ymm(0, 2));
        assertThat(state.ymm(0, 3)).isEqualTo(before.ymm(0, 3));
        assertThat(state.ymm(1, 0) | state.ymm(1, 1)).as("done").isZero();
        assertThat(state.ymm(1, 3)).as("still to do").isEqualTo(-1);

        state.setYmm(2, 0, 1L << 62);
        state.setYmm(2, 3, PAGE - 8);
        assertThat(run("c4 e2 f5 91 04 13")).isEqualTo(-1);
        assertThat(state.ymm(0, 0)).isEqualTo(qword(8));
        assertThat(state.ymm(0, 3)).isEqualTo(qword(PAGE - 8));
        assertThat(state.ymm(1, 3)).isZero();
    }

    @Test
    void unmaskedExceptionLeavesTheDestination() {
        for (int quadword = 0; quadword < 4; quadword++) {
            state.setYmm(1, quadword, Double.doubleToRawLongBits(1));
            state.setYmm(2, quadword, Double.doubleToRawLongBits(quadword == 3 ? 0 : 2));
        }
        state.setMxcsr(0);
        assertFault(SIMD_FAULT, "c5 f5 5e c2"); // vdivpd ymm0, ymm1, ymm2
        assertThat(state.mxcsr()).isEqualTo(ZERO_DIVIDE);
        state.setMxcsr(0);
        assertThat(run("c5 f1 5e c2")).isEqualTo(-1); // vdivpd xmm0, xmm1, xmm2
        assertThat(state.ymm(0, 2) | state.ymm(0, 3)).isZero();
    }

    /** SDM vol. 2, 2.3.2 to 2.3.5. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "66 c5 f5 fe c2", // 66, F3, F2, LOCK or REX before VEX
                "f3 c5 f5 fe c2",
                "f2 c5 f5 fe c2",
                "f0 c5 f5 fe 03",
                "48 c5 f5 fe c2",
                "c5 f4 28 c2", // vmovaps with vvvv in use
                "c5 f5 70 c2 00", // vpshufd likewise
                "c5 cd 6e c0", // vmovd of 256 bits
                "c4 e3 79 18 c1 00", // vinsertf128 of 128 bits
                "c4 e3 fd 18 c1 00", // vinsertf128 with W
                "c4 e4 75 fe c2", // map 4
                "c4 e2 75 90 04 0b", // vpgatherdd whose index is its mask
                "c4 e2 75 90 03" // vpgatherdd without SIB
            })
    void invalidEncodings(String code) {
        assertFault(INVALID_OPCODE, code);
    }

    @Test
    void zeroingLeavesWhatItShould() {
        CpuState before = state.copy();
        assertThat(run("c5 f8 77")).isEqualTo(-1); // vzeroupper
        for (int i = 0; i < 16; i++) {
            assertThat(state.ymm(i, 1)).isEqualTo(before.ymm(i, 1));
            assertThat(state.ymm(i, 2) | state.ymm(i, 3)).isZero();
        }
        assertThat(run("c5 fc 77")).isEqualTo(-1); // vzeroall
        assertThat(state.xmmEquals(new CpuState())).isTrue();
    }

    private void mask(int register, long... quadwords) {
        for (int i = 0; i < 4; i++) {
            state.setYmm(register, i, quadwords[i]);
        }
    }

    private long dword(int offset) {
        return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getInt(offset) & 0xffff_ffffL;
    }

    private long qword(int offset) {
        return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
    }
}
