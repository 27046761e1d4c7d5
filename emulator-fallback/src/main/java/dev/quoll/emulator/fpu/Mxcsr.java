package dev.quoll.emulator.fpu;

/**
 * MXCSR and the exceptions of the instruction in progress (SDM vol. 1, 10.2.3). One per vCPU, used by its thread only.
 *
 * <p>An instruction computes all its elements, each of which adds to {@link #raised()}, then calls {@link #commit()} before it writes its
 * destination. When that tells false the destination stays and the CPU delivers #XM (or #UD with CR4.OSXMMEXCPT clear). Nothing is raised
 * between instructions.
 */
public final class Mxcsr {
    /** The value after reset (SDM vol. 3, table 10-1). */
    public static final int RESET = 0x1F80;

    /** MXCSR_MASK as FXSAVE stores it: the writable bits. Loading others is #GP, which is the caller's to check. */
    public static final int WRITABLE = 0xFFFF;

    private static final int DENORMALS_ARE_ZERO = 1 << 6;
    private static final int MASK_SHIFT = 7;
    private static final int ROUNDING_SHIFT = 13;
    private static final int FLUSH_TO_ZERO = 1 << 15;
    private static final int PRECISION_SETTLED = FpException.PRECISION | FpException.PRECISION << MASK_SHIFT;

    final ExactResult exact = new ExactResult();

    private int value;
    private int raised;
    /** Those of {@link #raised} that steps of the instruction raised which have ended. */
    private int settled;
    private boolean inexactSettled;
    private boolean javaNearest;
    private boolean javaRounding;

    public Mxcsr() {
        load(RESET);
    }

    /** Takes a new value (LDMXCSR, FXRSTOR, XRSTOR); bits outside {@link #WRITABLE} are dropped. */
    public void load(int mxcsr) {
        value = mxcsr & WRITABLE;
        abandon();
        settle();
    }

    /** The architectural value, without the exceptions of an instruction in progress. */
    public int value() {
        return value;
    }

    /** The exceptions raised since the last commit, as {@link FpException} bits. */
    public int raised() {
        return raised;
    }

    /**
     * Ends an instruction: adds its exceptions to the sticky flags.
     *
     * @return whether the destination may be written, that is, no raised exception is unmasked
     */
    public boolean commit() {
        return raised == 0 || commitRaised();
    }

    private boolean commitRaised() {
        int now = raised;
        int before = settled;
        raised = 0;
        settled = 0;
        int unmasked = now & ~(value >>> MASK_SHIFT);
        if ((unmasked & FpException.PRE_COMPUTATION) != 0) {
            // No element is computed, so the later exceptions never come about (SDM vol. 1, 11.5.2).
            now &= FpException.PRE_COMPUTATION | before;
        }
        value |= now;
        settle();
        return unmasked == 0;
    }

    /**
     * Ends a step of an instruction that computes in several, each of which raises its exceptions by itself.
     *
     * @return whether the next may begin; otherwise the instruction ends in an exception
     */
    public boolean endStep() {
        if ((raised & ~(value >>> MASK_SHIFT)) != 0) {
            return false;
        }
        settled = raised;
        return true;
    }

    /** Drops what was raised, for an instruction that ends in another fault. */
    public void abandon() {
        raised = 0;
        settled = 0;
    }

    private void settle() {
        inexactSettled = (value & PRECISION_SETTLED) == PRECISION_SETTLED;
        javaNearest = masked(FpException.PRECISION) && rounding() == RoundingControl.NEAREST_EVEN;
        javaRounding = inexactSettled && javaNearest;
    }

    void raise(int exceptions) {
        raised |= exceptions;
    }

    boolean masked(int exception) {
        return (value >>> MASK_SHIFT & exception) != 0;
    }

    int rounding() {
        return value >>> ROUNDING_SHIFT & 3;
    }

    boolean denormalsAreZero() {
        return (value & DENORMALS_ARE_ZERO) != 0;
    }

    boolean flushToZero() {
        return (value & FLUSH_TO_ZERO) != 0;
    }

    /** Whether a further precision exception changes nothing: it is masked and its flag is already set. */
    boolean inexactSettled() {
        return inexactSettled;
    }

    /** Whether Java's arithmetic on ordinary numbers is exact, flags included: settled and rounding to nearest. */
    boolean javaRounding() {
        return javaRounding;
    }

    /**
     * Whether Java's arithmetic on ordinary numbers gives the right results, and all it may owe is a flag: rounding to nearest with the
     * precision exception masked. Unless {@link #inexactSettled()}, who uses it finds out whether the result is inexact.
     */
    boolean javaNearest() {
        return javaNearest;
    }

    /** Raises the precision exception, which is masked, where that changes anything. */
    void inexact() {
        if (!inexactSettled) {
            raised |= FpException.PRECISION;
        }
    }
}
