package dev.quoll.emulator.isa;

/// How an instruction continues, for those that build blocks and regions.
public enum ControlFlow {
    /// With the next instruction.
    NEXT,
    /// Near JMP.
    JUMP,
    /// Jcc, LOOPcc, JrCXZ.
    CONDITIONAL,
    /// Near CALL.
    CALL,
    /// Near RET.
    RETURN,
    /// Far transfers, interrupts, system calls and returns, HLT, and instructions that always fault.
    FAR
}
