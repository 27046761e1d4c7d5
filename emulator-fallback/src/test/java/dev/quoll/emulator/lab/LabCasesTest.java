package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.Segment;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lab's own rules; needs no host that can be compared with. */
class LabCasesTest {
    private static final int CASES = 2000;
    private static final int BREAKPOINT = 3;
    private static final int PAGE_FAULT = 14;
    private static final long PLACE = CaseLayout.CODE_HIGH + 0xffe;

    private final MemorySegment mine = MemorySegment.ofArray(new long[CaseLayout.CASE_SIZE / 8]);
    private final MemorySegment theirs = MemorySegment.ofArray(new long[CaseLayout.CASE_SIZE / 8]);

    private static LabInstance instance(String code) {
        byte[] bytes = HexFormat.of().parseHex(code);
        Instruction instruction =
                (Instruction) new Decoder(CpuFeature.ALL).decode(bytes, 0, bytes.length, CodeSize.BITS64);
        return new LabInstance(bytes, instruction, instruction.row(), true, PLACE, 0, false);
    }

    /** 32-bit addressing in 64-bit code: what is set and recorded is what is accessed. */
    @ParameterizedTest
    @ValueSource(strings = {"67ff21", "678b01", "67674189442410", "64678b4320", "65670f1003"})
    void cutAddressesAreWhatIsSet(String code) {
        LabInstance instance = instance(code);
        Operand.Memory memory = instance.instruction().memory();
        CaseMaker cases = new CaseMaker(new Random(1), true);
        cases.begin(instance);
        int whole = 0;
        for (int i = 0; i < CASES; i++) {
            cases.make(mine, 0);
            if (mine.get(JAVA_INT_UNALIGNED, CaseLayout.CASE_WINDOW_LENGTH) == CaseLayout.WINDOW_SIZE) {
                whole++;
                long offset = mine.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_GPR + 8L * memory.base()) + memory.displacement();
                long base = memory.segment() == Segment.FS ? mine.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FS_BASE)
                        : memory.segment() == Segment.GS ? mine.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_GS_BASE) : 0;
                assertThat(mine.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_WINDOW_ADDRESS))
                        .isEqualTo(base + (offset & 0xffff_ffffL));
            }
        }
        assertThat(whole).isPositive();
    }

    /** A JMP to its own end ends differently on both, which says nothing; anywhere else it does. */
    @ParameterizedTest
    @CsvSource({"67ff21, 1, true", "67ff21, 3, true", "67ff21, 24, true", "67ff21, 25, false", "67ff21, -1, false", "678b01, 3, false"})
    void branchesToTheLabsOwnEnd(String code, int into, boolean passes) {
        LabInstance instance = instance(code);
        long end = PLACE + instance.code().length;
        mine.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_VECTOR, BREAKPOINT);
        mine.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_RIP, end + into);
        theirs.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_VECTOR, PAGE_FAULT);
        theirs.set(JAVA_LONG_UNALIGNED, CaseLayout.CASE_RIP, end + into - 1);
        Proof proof = new Proof();
        assertThat(new Comparison(true, proof).equal(instance, mine, 0, theirs, 0)).isEqualTo(passes);
        assertThat(proof.departures(Departure.OWN_END)).isEqualTo(passes ? 1 : 0);
    }

    /** A twentieth or so of all cases has alignment checks on. */
    @Test
    void alignmentChecksAreOnAtTimes() {
        CaseMaker cases = new CaseMaker(new Random(2), true);
        cases.begin(instance("8b01"));
        int on = 0;
        for (int i = 0; i < CASES; i++) {
            cases.make(mine, 0);
            on += (int) (mine.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FLAGS) >>> 18) & 1;
        }
        assertThat(on).isBetween(CASES / 40, CASES / 10);
    }
}
