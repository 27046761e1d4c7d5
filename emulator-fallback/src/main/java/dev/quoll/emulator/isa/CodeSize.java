package dev.quoll.emulator.isa;

/// The default operand and address size of a code segment: its D bit, or L in long mode (SDM vol. 1, 3.6).
public enum CodeSize {
    BITS16,
    BITS32,
    BITS64;

    /// Returns the default address size in bytes.
    public int bytes() {
        return 2 << ordinal();
    }
}
