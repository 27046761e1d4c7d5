package dev.quoll.emulator.isa;

/// Properties of an opcode row beyond its operands and flags.
public enum Attribute {
    /// LOCK is allowed when the destination is memory.
    LOCKABLE("lock"),
    /// #UD in real and virtual-8086 mode.
    PROTECTED_MODE("pm"),
    /// #GP(0) unless CPL is 0.
    PRIVILEGED("cpl0"),
    /// Needs IOPL or the I/O permission bitmap.
    IO("io"),
    /// Operand size is 64 in 64-bit code unless 66 makes it 16.
    DEFAULT64("d64"),
    /// Operand size is 64 in 64-bit code whatever the prefixes.
    FORCE64("f64"),
    /// Operand size is 64 in 64-bit code and 32 elsewhere, whatever the prefixes (moves to control and debug registers).
    NATIVE("native"),
    /// Operand size is at most 32: AMD has no far pointers with 64-bit offsets (APM vol. 3, CALL far).
    MAX32("max32"),
    /// ModRM.mod is ignored: the operand is always a register.
    REGISTER_FORM("anymod"),
    /// F2 and F3 repeat it (MOVS, STOS, LODS, INS, OUTS).
    REP("rep"),
    /// F3 repeats while equal, F2 while not equal (CMPS, SCAS).
    REPCC("repcc"),
    /// Pushes to or pops from the stack.
    STACK("stack"),
    /// Changes state that later decoding, translation or interrupt delivery depends on: a block ends after it.
    SYSTEM("sys"),
    /// Blocks interrupts after the next instruction boundary (STI, MOV SS, POP SS).
    SHADOW("shadow"),
    /// The flags of a result may also stay as they were (a shift count of 0, a REP count of 0).
    FLAGS_MAY_STAY("keepf"),
    /// A memory operand is only an address, never accessed (LEA, INVLPG, PREFETCHh, NOP).
    ADDRESS_ONLY("addr"),
    /// A memory operand of 16 (32) bytes has to be aligned: #GP(0).
    ALIGNED("align"),
    /// A legacy SSE row whose 16-byte memory operand may be unaligned.
    UNALIGNED("unaligned"),
    /// x87: #NM if CR0.EM or CR0.TS.
    X87("x87"),
    /// x87 that does not wait for pending exceptions (FNINIT and others).
    NO_WAIT("nowait"),
    /// MMX: #UD if CR0.EM, #NM if CR0.TS; pending x87 exceptions are raised.
    MMX("mmx"),
    /// SSE: #UD if CR0.EM or not CR4.OSFXSR, #NM if CR0.TS.
    SSE("sse"),
    /// FXSAVE and FXRSTOR: #NM if CR0.EM or CR0.TS.
    FXSAVE("fx"),
    /// The XSAVE family: #UD without CR4.OSXSAVE, #NM if CR0.TS.
    XSAVE("xs"),
    /// VEX-coded vector instruction: #UD without CR4.OSXSAVE and XCR0, #NM if CR0.TS.
    AVX("avx"),
    /// VEX-coded: #UD in real and virtual-8086 mode.
    VEX("vex");

    private final String token;

    Attribute(String token) {
        this.token = token;
    }

    String token() {
        return token;
    }

    long mask() {
        return 1L << ordinal();
    }
}
