package dev.quoll.emulator.isa;

/// The repeat prefix of a string instruction.
public enum Repeat {
    NONE,
    /// F3: REP, or REPE with CMPS and SCAS.
    REP,
    /// F2 with CMPS and SCAS.
    REPNE
}
