package dev.quoll.emulator.isa;

/// The register files an operand can name.
public enum RegisterClass {
    /// RAX to R15, of 1, 2, 4 or 8 bytes.
    GPR,
    /// AH, CH, DH, BH, numbered 0 to 3.
    GPR8_HIGH,
    SEGMENT,
    CONTROL,
    DEBUG,
    /// ST(0) to ST(7).
    X87,
    MMX,
    /// XMM0 to XMM15 with size 16, YMM0 to YMM15 with size 32.
    XMM
}
