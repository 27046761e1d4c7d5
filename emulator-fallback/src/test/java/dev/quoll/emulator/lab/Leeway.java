package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;

/** How to tell each {@link Departure} that shows in comparisons. */
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

    /** The byte of MXCSR_MASK that tells of misaligned SSE: bit 17 of the whole. */
    private static final int MISALIGNED_SSE = 2;

    private static final int MISALIGNED_MASK = 1 << 17;

    private static final int INVALID_OPCODE = 6;
    private static final int STACK_FAULT = 12;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    private static final int LOCK = 0xf0;

    /** Says of two bytes that differ whether they may. */
    @FunctionalInterface
    interface Bytes {
        boolean mayDiffer(byte mine, byte theirs);
    }

    private Leeway() {}

    /** The leeway of an instruction in memory: {@link Departure#MISALIGNED_SSE} in an image's MXCSR_MASK. */
    static Bytes bytes(Instruction instruction) {
        boolean image = instruction != null && switch (instruction.mnemonic()) {
            case FXSAVE, XSAVE, XSAVEC, XSAVEOPT -> true;
            default -> false;
        };
        return (mine, theirs) -> image && mine == 0 && theirs == MISALIGNED_SSE;
    }

    /** What a single step ends with. */
    private static final int DEBUG = 1;

    /**
     * Why an exception may be another than the host's, or null when it may not.
     *
     * @param vector the emulator's, {@link LabCpu#ENDED} without one
     * @param theirs the host's
     * @param control the host's MXCSR afterwards
     */
    static Departure ofException(LabInstance instance, long vector, long theirs, int control) {
        Instruction instruction = instance.instruction();
        if (vector == GENERAL_PROTECTION && (theirs == LabCpu.ENDED || theirs == DEBUG) && (control & MISALIGNED_MASK) != 0) {
            return Departure.MISALIGNED_SSE;
        }
        if (instruction != null && instruction.mnemonic() == Mnemonic.CALL
                && Math.min(vector, theirs) >= STACK_FAULT && Math.max(vector, theirs) <= PAGE_FAULT) {
            return Departure.CALL_FAULTS;
        }
        if (vector != INVALID_OPCODE || instruction != null || !instance.prefixed(LOCK)) {
            return null;
        }
        return switch (instance.row().mnemonic()) {
            case MOV -> theirs == GENERAL_PROTECTION ? Departure.LOCKED_CONTROL_REGISTER : null;
            case VERR, VERW -> theirs <= PAGE_FAULT ? Departure.LOCKED_VERIFY : null;
            default -> null;
        };
    }

    /** Bits of a general register that are another at each run, {@link Departure#RANDOM_VALUE}. */
    static long randomBits(Instruction instruction, int register) {
        if (instruction == null) {
            return 0;
        }
        return switch (instruction.mnemonic()) {
            case RDTSC -> register == 0 || register == 2 ? 0xffff_ffffL : 0;
            case RDTSCP -> register < 3 ? 0xffff_ffffL : 0;
            case RDPID, RDRAND, RDSEED -> instruction.operand(0) instanceof Operand.Register target
                            && target.number() == register
                    ? -1L >>> 64 - 8 * Math.min(target.size(), instruction.mnemonic() == Mnemonic.RDPID ? 4 : 8)
                    : 0;
            default -> 0;
        };
    }

    /** Whether CF tells of luck: of the number that there was or was not. */
    static boolean lucky(Instruction instruction) {
        return instruction != null
                && (instruction.mnemonic() == Mnemonic.RDRAND || instruction.mnemonic() == Mnemonic.RDSEED);
    }

    static boolean transcendental(Instruction instruction) {
        return instruction != null && TRANSCENDENTAL.contains(instruction.mnemonic());
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
