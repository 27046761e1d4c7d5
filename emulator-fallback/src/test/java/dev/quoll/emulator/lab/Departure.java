package dev.quoll.emulator.lab;

/**
 * Where the emulator may differ from the host's processor, or is not compared with it, and why: the one table of that, which
 * the page prints. Whatever the comparison lets pass or leaves out names its entry here.
 */
enum Departure {
    TRANSCENDENTAL(
            true,
            "transcendental x87 instructions: one unit in the last place, and C1",
            "the manuals promise no more than that (SDM vol. 1, 8.3.10)"),
    MISALIGNED_SSE(
            true,
            "MXCSR bit 17 (MM): shown in FXSAVE's and XSAVE's MXCSR_MASK, taken by LDMXCSR, VLDMXCSR, FXRSTOR and XRSTOR",
            "AMD's feature MISALIGNSSE, which no profile offers: the bit is reserved there and raises #GP (APM vol. 1, 4.2.2)"),
    LOCKED_CONTROL_REGISTER(
            true,
            "LOCK with MOV to and from control registers: #GP instead of #UD",
            "AMD's feature ALTMOVCR8 makes it an access to CR8; no profile offers it (APM vol. 3, MOV CRn)"),
    LOCKED_VERIFY(
            true,
            "LOCK with VERR and VERW of memory that faults: the operand's fault comes before #UD",
            "the processor reads the operand before it refuses the prefix; no manual tells, and no program relies on it"),
    RANDOM_VALUE(
            true,
            "the values of RDTSC, RDTSCP, RDPID, RDRAND and RDSEED, and CF of the last two",
            "they are others at each run; compared is which registers are written, and how much of them"),
    KERNEL_HALF(
            true,
            "the P bit of page faults in the kernel's half of the address space",
            "Linux sets it in what it reports, whatever the page tables say"),
    NULL_SELECTOR(
            true, "the RPL of null selectors in DS and ES", "the host's system does not keep it over an exception"),
    WITNESS(
            true,
            "page faults at random addresses where the host's witness has its own code and data",
            "they are mapped there, and nowhere in the guest"),
    CALL_FAULTS(
            true, "a CALL with a target and a stack that both fault: which comes first", "the manuals do not order them"),
    OWN_END(
            true,
            "branches, by an address that an earlier case left in memory, to what the lab has put behind the instruction",
            "it is a jump back to the lab on the host, and another one in the guest"),
    MOVNT_SCALAR(
            false,
            "F2 and F3 with 0F 2B",
            "MOVNTSD and MOVNTSS of AMD's SSE4A, which no profile offers: #UD in the guest, with a test of its own"),
    FS_GS_OFFSET(
            false,
            "operands through FS and GS in 64-bit code whose offset alone is not canonical: #GP",
            "the manuals check the linear address only (SDM vol. 1, 3.3.7.1; APM vol. 2, 4.5.3); Intel's processors do as they say"),
    X87_POINTERS(
            false,
            "x87 instruction and data pointers without a pending exception",
            "AMD's processors do not save them then (APM vol. 3, FXSAVE)"),
    SYSCALL_32(
            false,
            "SYSCALL in 32-bit code",
            "the host's system takes arguments from the user's stack before it can be stopped"),
    SHADOW_STEP(
            false,
            "single steps of instructions that hold traps off (MOV SS, POP SS)",
            "the trap belongs to the next instruction; it has tests of its own"),
    TRAP_FLAG(
            false, "POPF and IRET that set TF", "what traps then is an instruction behind the case's own");

    private final boolean compared;
    private final String what;
    private final String reason;

    /** @param compared whether it shows in comparisons, which then count it; else such cases are not made */
    Departure(boolean compared, String what, String reason) {
        this.compared = compared;
        this.what = what;
        this.reason = reason;
    }

    boolean compared() {
        return compared;
    }

    String what() {
        return what;
    }

    String reason() {
        return reason;
    }
}
