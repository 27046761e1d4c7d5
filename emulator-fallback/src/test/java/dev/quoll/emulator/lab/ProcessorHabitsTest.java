package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.fpu.FpException;
import dev.quoll.emulator.isa.CpuFeature;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What AMD's processors do where the manuals leave room, as the comparison with one has shown it: fixed cases, which need no
 * such host. Data is two pages to write, two to read only, and nothing behind.
 */
class ProcessorHabitsTest {
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RBX = 3;
    private static final int RSP = 4;
    private static final int RSI = 6;
    private static final int RDI = 7;

    private static final int SIMD_EXCEPTION = 19;
    private static final int BREAKPOINT = 3;
    private static final int INVALID_OPCODE = 6;
    private static final int STACK_FAULT = 12;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    private static final int ENDED = (int) LabCpu.ENDED;
    private static final int ZERO_FLAG = 1 << 6;

    private static final long DATA = CaseLayout.DATA_LOW;
    private static final long READ_ONLY = DATA + CaseLayout.DATA_WRITABLE;
    private static final long MISSING = READ_ONLY + CaseLayout.DATA_WRITABLE;
    private static final long TEXT = CaseLayout.CODE_LOW + 256;
    private static final int WORD = 0x5678_9abc;

    private final MemorySegment in = MemorySegment.ofArray(new long[CaseLayout.CASE_SIZE / 8]);
    private final MemorySegment out = MemorySegment.ofArray(new long[CaseLayout.CASE_SIZE / 8]);
    private LabCpu cpu;

    @BeforeEach
    void prepare() throws Exception {
        byte[] contents = new byte[4 * CaseLayout.DATA_WRITABLE];
        for (int i = 0; i < contents.length; i += 4) {
            MemorySegment.ofArray(contents).set(JAVA_INT_UNALIGNED, i, WORD);
        }
        cpu = LabCpu.create(CpuFeature.ALL, 0, contents);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FLAGS, 0x202);
        in.set(JAVA_INT_UNALIGNED, CaseLayout.CASE_IMAGE, 0x37f);
        in.set(JAVA_INT_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_MXCSR, 0x1f80);
    }

    @AfterEach
    void close() {
        cpu.close();
    }

    private void gpr(int number, long value) {
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_GPR + 8L * number, value);
    }

    private long gpr(int number) {
        return out.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_GPR + 8L * number);
    }

    private long address() {
        return out.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_ADDRESS);
    }

    /** Runs code; its exception, or {@link #ENDED}. */
    private int run(boolean wide, String code) {
        return runAt(TEXT, wide, code);
    }

    private int runAt(long place, boolean wide, String code) {
        cpu.place(HexFormat.of().parseHex(code.replace(" ", "")), place, wide);
        cpu.run(in, 0, out, 0);
        return (int) out.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_VECTOR);
    }

    // The smallest single with a normal exponent, whose half is denormal; in singles 2 and 3, too.
    private static final long SMALLEST = 0x0080_0000_0080_0001L;
    private static final long HALF = 0x3f00_0000_3f00_0000L;

    /** DPPS and VDPPS: the products underflow, their sum has denormal operands, which stops it. What the products raised stays. */
    @ParameterizedTest
    @CsvSource({"660f3a40c1ff, 0", "c4e37940c1ff, 0", "c4e37d40c1ff, 0", "c4e37d40c1ff, 1"})
    void aDotProductsStepsKeepTheirFlags(String code, int half) {
        int denormalUnmasked = 0x1f80 & ~(FpException.DENORMAL << 7);
        in.set(JAVA_INT_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_MXCSR, denormalUnmasked);
        long place = CaseLayout.CASE_IMAGE + (half == 0 ? LabCpu.IMAGE_XMM : LabCpu.IMAGE_YMM);
        in.set(JAVA_LONG_UNALIGNED, place, SMALLEST);
        in.set(JAVA_LONG_UNALIGNED, place + 16, HALF);
        assertThat(run(true, code)).isEqualTo(SIMD_EXCEPTION);
        assertThat(out.get(JAVA_INT_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_MXCSR))
                .isEqualTo(denormalUnmasked | FpException.DENORMAL | FpException.UNDERFLOW | FpException.PRECISION);
    }

    /** POPA loads one register after the other; a fault leaves only the stack pointer. */
    @Test
    void popaKeepsWhatItHasLoaded() {
        gpr(RSP, MISSING - 8);
        gpr(RDI, 1);
        gpr(RSI, 2);
        gpr(RBX, 3);
        assertThat(run(false, "61")).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(MISSING);
        assertThat(gpr(RDI)).isEqualTo(WORD);
        assertThat(gpr(RSI)).isEqualTo(WORD);
        assertThat(gpr(RBX)).isEqualTo(3);
        assertThat(gpr(RSP)).isEqualTo(MISSING - 8);
    }

    /** MOVSXD with a 16-bit destination reads 32 bits all the same. */
    @Test
    void movsxdReadsADoubleword() {
        gpr(RCX, MISSING - 4);
        assertThat(run(true, "66 63 01")).isEqualTo(ENDED);
        assertThat(gpr(RAX)).isEqualTo(WORD & 0xffff);
        gpr(RCX, MISSING - 2);
        assertThat(run(true, "66 63 01")).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(MISSING);
    }

    /** ARPL writes, and its segment and page have to be writable, only when there is an RPL to raise. */
    @Test
    void arplChecksWritesWhenItWrites() {
        gpr(RBX, READ_ONLY);
        gpr(RAX, 3);
        assertThat(run(false, "2e 63 03")).as("code segment, raised").isEqualTo(GENERAL_PROTECTION);
        assertThat(run(false, "63 03")).as("read-only page, raised").isEqualTo(PAGE_FAULT);
        gpr(RAX, 0);
        assertThat(run(false, "2e 63 03")).as("code segment, as it was").isEqualTo(ENDED);
        assertThat(run(false, "63 03")).as("read-only page, as it was").isEqualTo(ENDED);
    }

    /** The image's first field is looked at, then its last byte, then all of it. */
    @ParameterizedTest
    @CsvSource({"d923, 28", "dd23, 108", "d933, 28", "dd33, 108"})
    void environmentsFaultAtFirstFieldOrLastByte(String code, int size) {
        long end = code.charAt(2) == '3' ? READ_ONLY : MISSING;
        for (int before = 1; before < size; before++) {
            gpr(RBX, end - before);
            assertThat(run(true, code)).isEqualTo(PAGE_FAULT);
            assertThat(address()).as("%d bytes before", before).isEqualTo(before < 4 ? end : end + size - before - 1);
        }
    }

    /** An operand over the end of a flat segment does not wrap: #SS or #GP, before any page is looked at. */
    @ParameterizedTest
    @ValueSource(strings = {"8b 03", "89 03", "01 03", "66 0f b1 03", "0f 10 03", "0f 11 03", "dd 03", "dd 1b", "c5 fc 10 03"})
    void flatSegmentsEnd(String code) {
        gpr(RBX, 0xffff_ffffL);
        assertThat(run(false, code)).isEqualTo(GENERAL_PROTECTION);
        assertThat(run(false, "36" + code)).isEqualTo(STACK_FAULT);
        assertThat(run(true, code)).as("64-bit code").isEqualTo(PAGE_FAULT);
        gpr(RBX, 0xffff_ff00L);
        assertThat(run(false, code)).as("inside").isEqualTo(PAGE_FAULT);
    }

    /** FS has a base here: its limit is counted from that, and linear addresses wrap. */
    @Test
    void linearAddressesWrap() {
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FS_BASE, 0xf000_0000L);
        gpr(RBX, 0x0fff_ffffL);
        assertThat(run(false, "64 8b 03")).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(0xffff_ffffL);
    }

    /** CLZERO clears a line of linear memory, all of which has to lie in the segment. */
    @Test
    void clearedLinesLieInTheirSegment() {
        gpr(RAX, 0xffff_ffffL);
        assertThat(run(false, "0f01fc")).as("the last line of 4 GiB").isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(0xffff_ffc0L);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FS_BASE, DATA + 0x1f);
        assertThat(run(false, "64 0f01fc")).as("a line in which the segment begins").isEqualTo(GENERAL_PROTECTION);
        gpr(RAX, 0x21);
        assertThat(run(false, "64 0f01fc")).as("the one behind").isEqualTo(ENDED);
        gpr(RAX, 0x20);
        assertThat(run(false, "64 0f01fc")).isEqualTo(GENERAL_PROTECTION);
        assertThat(run(true, "64 0f01fc")).as("64-bit code").isEqualTo(ENDED);
    }

    /** A gather is one step, but the trap of elements that are loaded comes before the fault of the next one (VPGATHERDD). */
    @ParameterizedTest
    @CsvSource({"0, 0, 1, -2, 0x302, 14", "0, 0, 1, -1, 0x302, 1", "0, 0, 1, -1, 0x202, 14", "0, 0, 0, -1, 0x302, 1"})
    void aStepOfAGatherComesBeforeItsFault(int first, int second, int third, int mask, int flags, int vector) {
        long image = CaseLayout.CASE_IMAGE + LabCpu.IMAGE_XMM;
        // XMM1 is the mask, XMM2 the indices; the third element may be out of reach, and the first two not wanted.
        long wanted = mask == -1 ? -1L : 0;
        in.set(JAVA_LONG_UNALIGNED, image + 16, wanted);
        in.set(JAVA_LONG_UNALIGNED, image + 24, -1L);
        in.set(JAVA_LONG_UNALIGNED, image + 32, (long) second << 32 | first);
        in.set(JAVA_INT_UNALIGNED, image + 40, third * (int) (MISSING - DATA));
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FLAGS, flags);
        gpr(RDI, DATA);
        assertThat(run(true, "c4e271900417")).isEqualTo(vector);
        boolean whole = third == 0;
        assertThat(out.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_RIP)).isEqualTo(whole ? TEXT + 6 : TEXT);
        assertThat(out.get(JAVA_LONG_UNALIGNED, image + 16)).as("mask of what is loaded or not wanted").isZero();
        assertThat(out.get(JAVA_LONG_UNALIGNED, image + 24)).isEqualTo(whole ? 0 : -1);
        boolean resumes = out.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FLAGS) << 47 < 0;
        assertThat(resumes).as("RF").isEqualTo(vector == 1 && !whole);
    }

    /** The last repeat prefix says whether LOOPE or LOOPNE is meant. */
    @ParameterizedTest
    @CsvSource({
        "e100, true", "e000, false", "f3e000, true", "f2e100, false", "f2f3e000, true", "f3f2e100, false", "f2e000, false",
        "f3e100, true"
    })
    void repeatPrefixesChooseTheLoop(String code, boolean whileZero) {
        for (boolean zero : new boolean[] {false, true}) {
            in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FLAGS, 0x202 | (zero ? ZERO_FLAG : 0));
            gpr(RCX, 2);
            // Taken, it skips INC EAX.
            gpr(RAX, 0);
            assertThat(run(true, code.substring(0, code.length() - 2) + "02" + "ffc0")).isEqualTo(ENDED);
            assertThat(gpr(RAX)).as("%s, ZF %s", code, zero).isEqualTo(zero == whileZero ? 0 : 1);
        }
    }

    /** In 64-bit code the prefixes of the other segments do not take FS and GS back, for implicit operands either. */
    @ParameterizedTest
    @ValueSource(strings = {"64 0ff7c9", "64 2e 0ff7c9", "64 3e 0ff7c9", "65 64 26 66 0ff7c9", "64 36 c5f9f7c9"})
    void otherSegmentsDoNotTakeAnOverrideBack(String code) {
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FS_BASE, MISSING);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_XMM + 16, -1L);
        for (int i = 0; i < 8; i++) {
            in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_STACK + 16 * i, -1L);
        }
        gpr(RDI, 8);
        assertThat(run(true, code)).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(MISSING + 8);
    }

    /** A far transfer out of 64-bit code cuts RSP to 32 bits; a CALL pushes where that leads. */
    @Test
    void farTransfersCutTheStackPointer() {
        long high = CaseLayout.DATA_HIGH + 64;
        frame(CaseLayout.DATA_HIGH + 64, CaseLayout.CODE_LOW, CaseLayout.SELECTOR_CODE32);
        gpr(RSP, high);
        assertThat(run(true, "cb")).as("RETF").isEqualTo(BREAKPOINT);
        assertThat(gpr(RSP)).isEqualTo(high + 8 & 0xffff_ffffL);
        assertThat(codeSelector()).isEqualTo(CaseLayout.SELECTOR_CODE32);
        gpr(RBX, high);
        assertThat(run(true, "ff 2b")).as("JMP").isEqualTo(BREAKPOINT);
        assertThat(gpr(RSP)).isEqualTo(high & 0xffff_ffffL);
        assertThat(run(true, "ff 1b")).as("CALL").isEqualTo(BREAKPOINT);
        assertThat(gpr(RSP)).isEqualTo((high & 0xffff_ffffL) - 8);
        assertThat(run(true, "48 ff 1b")).as("CALL with REX.W").isEqualTo(BREAKPOINT);
        assertThat(gpr(RSP)).isEqualTo((high & 0xffff_ffffL) - 16);
        frame(high, CaseLayout.CODE_LOW, CaseLayout.SELECTOR_CODE64);
        assertThat(run(true, "cb")).as("within 64-bit code").isEqualTo(BREAKPOINT);
        assertThat(gpr(RSP)).isEqualTo(high + 8);
    }

    /** RETF to another level reads its stack pointer before it looks at the selector that forbids it. */
    @Test
    void farReturnsReadTheOuterStackFirst() {
        gpr(RSP, DATA);
        frame(DATA, CaseLayout.CODE_LOW, CaseLayout.SELECTOR_CODE64 & ~3);
        assertThat(run(true, "ca 00 7f")).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(DATA + 8 + 0x7f00 + 4);
        assertThat(run(true, "ca 00 01")).isEqualTo(GENERAL_PROTECTION);
        frame(DATA, CaseLayout.CODE_LOW, CaseLayout.SELECTOR_CODE64);
        assertThat(run(true, "ca 00 7f")).as("the same level").isEqualTo(BREAKPOINT);
    }

    /** IRET does the same where its frame may have no stack: outside of 64-bit code. */
    @Test
    void interruptReturnsReadTheOuterStackFirst() {
        long pointer = MISSING - 3 * 4;
        gpr(RSP, pointer);
        assertThat(WORD & 3).as("level of the selector, which all data is").isNotEqualTo(3);
        assertThat(run(false, "cf")).isEqualTo(PAGE_FAULT);
        assertThat(address()).as("SS, behind IP, CS, flags and SP").isEqualTo(pointer + 4 * 4);
        gpr(RSP, MISSING - 4 * 4);
        assertThat(run(false, "cf")).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(MISSING);
        gpr(RSP, MISSING - 5 * 4);
        assertThat(run(false, "cf")).as("the selector").isEqualTo(GENERAL_PROTECTION);
    }

    /** RETF and IRET read their frames from the end. */
    @ParameterizedTest
    @CsvSource({"cb, true, 4", "cb, false, 4", "cf, true, 8", "48cf, true, 16", "cf, false, 8"})
    void framesAreReadFromTheirEnd(String code, boolean wide, int first) {
        gpr(RSP, MISSING + 64);
        assertThat(run(wide, code)).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(MISSING + 64 + first);
    }

    /** An offset past 4 GiB is outside of a 32-bit code segment, whatever its sign as a long. */
    @Test
    void wideOffsetsAreOutsideOf32BitCode() {
        gpr(RSP, DATA);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_WINDOW, 0x8000_0000_2000_0000L);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_WINDOW + 8, CaseLayout.SELECTOR_CODE32);
        window(DATA, 16);
        assertThat(run(true, "48 cb")).isEqualTo(GENERAL_PROTECTION);
        assertThat(gpr(RSP)).isEqualTo(DATA);
    }

    private void frame(long place, long offset, int selector) {
        in.set(JAVA_INT_UNALIGNED, CaseLayout.CASE_WINDOW, (int) offset);
        in.set(JAVA_INT_UNALIGNED, CaseLayout.CASE_WINDOW + 4, selector);
        window(place, 8);
    }

    private void window(long place, int length) {
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_WINDOW_ADDRESS, place);
        in.set(JAVA_INT_UNALIGNED, CaseLayout.CASE_WINDOW_LENGTH, length);
    }

    private int codeSelector() {
        return (int) (out.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_SEGMENTS) >>> 32) & 0xffff;
    }

    /** XSAVE looks at its image's first and last byte, FXSAVE at the last and then the first. */
    @ParameterizedTest
    @CsvSource({"0fae23, 575, 832, 7", "0fae03, 511, 512, 7", "0fc723, 575, 832, 7"})
    void imagesFaultAtTheirLastByte(String code, int atLeast, int atMost, int components) {
        gpr(RAX, components);
        gpr(2, 0);
        gpr(RBX, READ_ONLY - 64);
        assertThat(run(true, code)).isEqualTo(PAGE_FAULT);
        assertThat(address() - (READ_ONLY - 64)).isBetween((long) atLeast, (long) atMost - 1);
    }

    /** FXSAVE of a misaligned operand in the stack segment that is not canonical is #SS, XSAVE's is #GP. */
    @Test
    void misalignedImagesOutsideOfCanonicalSpace() {
        gpr(5, 0x0010_0000_0000_0001L);
        assertThat(run(true, "0f ae 45 00")).as("FXSAVE [RBP]").isEqualTo(STACK_FAULT);
        assertThat(run(true, "0f ae 65 00")).as("XSAVE [RBP]").isEqualTo(GENERAL_PROTECTION);
    }

    /** Elements of masked moves that are not chosen do not count for the segment's limit. */
    @Test
    void maskedElementsAreChecked() {
        // The seventh element begins two bytes before 4 GiB.
        gpr(RBX, 0xffff_ffe6L);
        assertThat(run(false, "2e c4 e2 75 2c 03")).as("none is chosen").isEqualTo(ENDED);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_XMM + 16, -1L);
        assertThat(run(false, "2e c4 e2 75 2c 03")).as("the first is chosen").isEqualTo(PAGE_FAULT);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_XMM + 16, 0);
        in.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_IMAGE + LabCpu.IMAGE_YMM + 24, -1L);
        assertThat(run(false, "2e c4 e2 75 2c 03")).as("the last is chosen").isEqualTo(GENERAL_PROTECTION);
    }

    /** IRET reads SS and RSP in this order, behind the rest. */
    @Test
    void interruptReturnsReadTheUpperPartLast() {
        gpr(RSP, MISSING - 6);
        assertThat(run(true, "66 cf")).isEqualTo(PAGE_FAULT);
        assertThat(address()).isEqualTo(MISSING + 2);
    }

    /** BOUND looks at its bounds one by one, at the segment's limit as well. */
    @Test
    void boundsAreCheckedOneByOne() {
        gpr(RBX, 0xffff_fffcL);
        assertThat(run(false, "2e 62 03")).isEqualTo(PAGE_FAULT);
        gpr(RBX, 0xffff_fffdL);
        assertThat(run(false, "2e 62 03")).isEqualTo(GENERAL_PROTECTION);
    }

    /** The stack ends at 4 GiB, whatever segment the other operand is in. */
    @Test
    void theStackEndsAt4Gib() {
        gpr(RSP, 0xffff_ffffL);
        gpr(RBX, DATA);
        assertThat(run(false, "66 8f 03")).isEqualTo(STACK_FAULT);
        assertThat(run(false, "65 66 8f 03")).isEqualTo(STACK_FAULT);
    }

    /** Of UD0 and UD1 the opcode is fetched and no ModRM byte. */
    @ParameterizedTest
    @ValueSource(strings = {"0fff", "0fb9", "0fff84", "0fb905", "66 0fb9 84 24"})
    void undefinedOpcodesEndWithTheirOpcode(String code) {
        long end = CaseLayout.CODE_LOW + CaseLayout.CODE_SIZE;
        assertThat(runAt(end - code.replace(" ", "").length() / 2, true, code)).isEqualTo(INVALID_OPCODE);
        assertThat(runAt(end - 1, true, "0f")).as("half an opcode").isEqualTo(PAGE_FAULT);
    }
}
