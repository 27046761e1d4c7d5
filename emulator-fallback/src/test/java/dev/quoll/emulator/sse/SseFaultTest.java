package dev.quoll.emulator.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.EmulatedCpu;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What faults, and that nothing has changed when it does. RBX points to the operand, RDI is that of MASKMOVDQU. */
class SseFaultTest {
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x7f00_0000_0000L;
    private static final int PAGE = 4096;
    private static final int RBX = 3;
    private static final int RDI = 7;

    private static final int INVALID_OPCODE = 6;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    private static final int X87_FAULT = 16;
    private static final int SIMD_FAULT = 19;

    private static final int UNMASKED = 0;
    private static final int MASKED = 0x1f80;
    private static final int ZERO_DIVIDE = 1 << 2;
    private static final int PRECISION = 1 << 5;

    private EmulatedCpu cpu;
    private CpuState state;
    private byte[] data;

    @BeforeEach
    void prepare() throws Exception {
        cpu = EmulatedCpu.create(List.of(new SseFamily()), CODE, DATA);
        state = new CpuState();
        Random random = new Random(7);
        for (int i = 0; i < 16; i++) {
            state.setXmm(i, 0, random.nextLong());
            state.setXmm(i, 1, random.nextLong());
        }
        data = new byte[PAGE];
        random.nextBytes(data);
    }

    @AfterEach
    void close() {
        cpu.close();
    }

    private int run(int... code) {
        byte[] bytes = new byte[code.length];
        for (int i = 0; i < code.length; i++) {
            bytes[i] = (byte) code[i];
        }
        cpu.place(bytes, CODE);
        return cpu.run(state, data);
    }

    /** Runs what must fault, and checks that registers and memory are as before. */
    private void assertFault(int vector, int... code) {
        CpuState before = state.copy();
        byte[] dataBefore = data.clone();
        assertThat(run(code)).isEqualTo(vector);
        assertThat(state.xmmEquals(before)).as("XMM registers").isTrue();
        assertThat(state.gpr).isEqualTo(before.gpr);
        assertThat(data).isEqualTo(dataBefore);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 15})
    void misalignedOperandIsProtectionFault(int offset) {
        state.gpr[RBX] = DATA + 64 + offset;
        assertFault(GENERAL_PROTECTION, 0x0f, 0x28, 0x03); // movaps xmm0, [rbx]
        assertFault(GENERAL_PROTECTION, 0x0f, 0x29, 0x03); // movaps [rbx], xmm0
        assertFault(GENERAL_PROTECTION, 0x66, 0x0f, 0x6f, 0x03); // movdqa xmm0, [rbx]
        assertFault(GENERAL_PROTECTION, 0x66, 0x0f, 0xe7, 0x03); // movntdq [rbx], xmm0
        assertFault(GENERAL_PROTECTION, 0x66, 0x0f, 0x74, 0x03); // pcmpeqb xmm0, [rbx]
        assertFault(GENERAL_PROTECTION, 0x0f, 0x58, 0x03); // addps xmm0, [rbx]
        assertFault(GENERAL_PROTECTION, 0x66, 0x0f, 0x38, 0xdc, 0x03); // aesenc xmm0, [rbx]
        assertThat(run(0xf3, 0x0f, 0x6f, 0x03)).isEqualTo(-1); // movdqu xmm0, [rbx]
        assertThat(run(0xf2, 0x0f, 0x58, 0x03)).isEqualTo(-1); // addsd xmm0, [rbx]
        assertThat(run(0x66, 0x0f, 0x3a, 0x63, 0x03, 0)).isEqualTo(-1); // pcmpistri xmm0, [rbx], 0
    }

    @ParameterizedTest
    @CsvSource({"-1", "-8", "-9", "-15", "4081", "4088", "4095"})
    void accessAcrossAnUnmappedPageChangesNothing(int offset) {
        state.gpr[RBX] = DATA + offset;
        assertFault(PAGE_FAULT, 0x0f, 0x10, 0x03); // movups xmm0, [rbx]
        assertFault(PAGE_FAULT, 0x0f, 0x11, 0x03); // movups [rbx], xmm0
        // The address reported is the first one that is not mapped.
        assertThat(cpu.cr2).isEqualTo(offset < 0 ? DATA + offset : DATA + PAGE);
    }

    @Test
    void storeAtTheEndOfThePageSucceeds() {
        state.gpr[RBX] = DATA + PAGE - 16;
        assertThat(run(0x0f, 0x11, 0x0b)).isEqualTo(-1); // movups [rbx], xmm1
        byte[] expected = new byte[16];
        ByteBuffer.wrap(expected)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(state.xmm(1, 0))
                .putLong(state.xmm(1, 1));
        assertThat(Arrays.copyOfRange(data, PAGE - 16, PAGE)).isEqualTo(expected);
    }

    @Test
    void unmaskedExceptionLeavesTheDestination() {
        state.setXmm(0, 0, Double.doubleToRawLongBits(1));
        state.setXmm(1, 0, 0);
        state.setMxcsr(UNMASKED);
        assertFault(SIMD_FAULT, 0xf2, 0x0f, 0x5e, 0xc1); // divsd xmm0, xmm1
        assertThat(state.mxcsr()).isEqualTo(ZERO_DIVIDE);

        cpu.cr4 &= ~ControlBits.CR4_OSXMMEXCPT;
        state.setMxcsr(UNMASKED);
        assertFault(INVALID_OPCODE, 0xf2, 0x0f, 0x5e, 0xc1);
        assertThat(state.mxcsr()).isEqualTo(ZERO_DIVIDE);

        state.setMxcsr(MASKED);
        assertThat(run(0xf2, 0x0f, 0x5e, 0xc1)).isEqualTo(-1);
        assertThat(state.xmm(0, 0)).isEqualTo(Double.doubleToRawLongBits(Double.POSITIVE_INFINITY));
        assertThat(state.mxcsr()).isEqualTo(MASKED | ZERO_DIVIDE);
    }

    @Test
    void unmaskedExceptionOfAComparisonLeavesTheFlags() {
        state.setXmm(0, 0, Double.doubleToRawLongBits(Double.NaN));
        state.setMxcsr(UNMASKED);
        state.flags = 0x8d5;
        assertFault(SIMD_FAULT, 0x66, 0x0f, 0x2f, 0xc1); // comisd xmm0, xmm1
        assertThat(state.flags & 0x8d5).isEqualTo(0x8d5);
    }

    @Test
    void oneElementIsEnoughForAnException() {
        state.setXmm(2, 0, Double.doubleToRawLongBits(4));
        state.setXmm(2, 1, Double.doubleToRawLongBits(2));
        state.setMxcsr(MASKED & ~(PRECISION << 7));
        assertFault(SIMD_FAULT, 0x66, 0x0f, 0x51, 0xc2); // sqrtpd xmm0, xmm2
        assertThat(state.mxcsr() & 0x3f).isEqualTo(PRECISION);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x10000, 0x20000, 0x80001f80})
    void reservedBitsOfMxcsrFault(int value) {
        state.gpr[RBX] = DATA;
        ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putInt(value);
        assertFault(GENERAL_PROTECTION, 0x0f, 0xae, 0x13); // ldmxcsr [rbx]
        assertThat(state.mxcsr()).isEqualTo(MASKED);
    }

    @Test
    void maskedStoreNeedsAllItsBytes() {
        state.gpr[RDI] = DATA + PAGE - 16;
        state.setXmm(1, 0, 0x80L << 56);
        state.setXmm(1, 1, 0);
        assertThat(run(0x66, 0x0f, 0xf7, 0xc1)).isEqualTo(-1); // maskmovdqu xmm0, xmm1
        assertThat(data[PAGE - 9]).isEqualTo((byte) (state.xmm(0, 0) >>> 56));
        state.gpr[RDI]++;
        assertFault(PAGE_FAULT, 0x66, 0x0f, 0xf7, 0xc1);
        state.setXmm(1, 0, 0);
        assertFault(PAGE_FAULT, 0x66, 0x0f, 0xf7, 0xc1);
    }

    @Test
    void pendingX87ExceptionStopsMmxCrossings() {
        state.setX87Status(1 << 7);
        assertFault(X87_FAULT, 0xf3, 0x0f, 0xd6, 0xc1); // movq2dq xmm0, mm1
        assertFault(X87_FAULT, 0xf2, 0x0f, 0xd6, 0xc1); // movdq2q mm0, xmm1
    }
}
