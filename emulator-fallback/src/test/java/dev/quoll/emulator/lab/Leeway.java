package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;

/** Results the manuals leave some room: transcendental x87 instructions, each good to a unit in the last place. */
final class Leeway {
    /** The status word's C1, which says how the result was rounded. */
    static final int C1 = 1 << 9;

    static final Set<Mnemonic> TRANSCENDENTAL = EnumSet.of(
            Mnemonic.F2XM1,
            Mnemonic.FCOS,
            Mnemonic.FPATAN,
            Mnemonic.FPTAN,
            Mnemonic.FSIN,
            Mnemonic.FSINCOS,
            Mnemonic.FYL2X,
            Mnemonic.FYL2XP1);

    private static final int IMAGE_MASK_BYTE = 30;

    /** The byte of MXCSR_MASK that tells of misaligned SSE. */
    private static final int MISALIGNED_SSE = 2;

    /** Says of two bytes that differ whether they may. */
    @FunctionalInterface
    interface Bytes {
        boolean mayDiffer(byte mine, byte theirs);
    }

    private Leeway() {}

    /** The leeway of an instruction in memory: FXSAVE's, see {@link #maskOfImage}. */
    static Bytes bytes(Instruction instruction) {
        boolean image = instruction != null && instruction.mnemonic() == Mnemonic.FXSAVE;
        return (mine, theirs) -> image && mine == 0 && theirs == MISALIGNED_SSE;
    }

    static boolean transcendental(Instruction instruction) {
        return instruction != null && TRANSCENDENTAL.contains(instruction.mnemonic());
    }

    /** FXSAVE's MXCSR_MASK tells of misaligned SSE, which the product does not offer. */
    static boolean maskOfImage(
            Instruction instruction, MemorySegment mine, long a, MemorySegment theirs, long b, int length) {
        if (instruction == null || instruction.mnemonic() != Mnemonic.FXSAVE || length <= IMAGE_MASK_BYTE) {
            return false;
        }
        theirs.set(JAVA_BYTE, b + IMAGE_MASK_BYTE, mine.get(JAVA_BYTE, a + IMAGE_MASK_BYTE));
        return MemorySegment.mismatch(mine, a, a + length, theirs, b, b + length) < 0;
    }

    /** Whether ST(0) and ST(1) are equal or neighbours, the others equal. */
    static boolean close(MemorySegment mine, long a, MemorySegment theirs, long b) {
        for (int i = 0; i < 8; i++) {
            long difference = mine.get(JAVA_LONG_UNALIGNED, a + 16 * i) - theirs.get(JAVA_LONG_UNALIGNED, b + 16 * i);
            int exponents = mine.get(JAVA_SHORT_UNALIGNED, a + 16 * i + 8) - theirs.get(JAVA_SHORT_UNALIGNED, b + 16 * i + 8);
            boolean neighbours = exponents == 0
                    ? Math.abs(difference) <= (i < 2 ? 1 : 0)
                    // From the last value of a binade to the first of the next one.
                    : i < 2 && Math.abs(exponents) == 1 && Math.abs(difference) == Long.MAX_VALUE;
            if (!neighbours) {
                return false;
            }
        }
        return true;
    }
}
