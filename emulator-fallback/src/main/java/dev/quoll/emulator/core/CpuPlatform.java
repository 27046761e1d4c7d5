package dev.quoll.emulator.core;

/**
 * What lies outside the CPU core and that its instructions reach: clock, ports, local APIC, CPUID table and the
 * model-specific registers that the core does not keep itself. Called on the vCPU's thread only.
 */
public interface CpuPlatform {
    /** The time-stamp counter as RDTSC shows it. */
    long tsc();

    /**
     * Reads a model-specific register outside the core.
     *
     * @param value receives the value at index 0
     * @return false when the register does not exist or cannot be read now: RDMSR then raises #GP(0)
     */
    boolean readMsr(int number, long[] value);

    /** Writes a model-specific register outside the core; false makes WRMSR raise #GP(0). */
    boolean writeMsr(int number, long value);

    /** Reads an I/O port; {@code width} is 1, 2 or 4 bytes, the result zero-extended. */
    int readPort(int port, int width);

    /** Writes the low {@code width} bytes to an I/O port. */
    void writePort(int port, int width, int value);

    /** Answers CPUID: EAX, EBX, ECX and EDX in {@code registers}. */
    void cpuid(int leaf, int subleaf, int[] registers);

    /** CR8: bits 7:4 of the local APIC's task-priority register. */
    int taskPriority();

    /** Sets CR8, 0 to 15. */
    void setTaskPriority(int priority);

    /**
     * Whether an interrupt would be taken if IF were 1 now: asked when interrupts open, so that the loop looks up only
     * where there is something. What comes up after the answer must raise {@link Cpu#EVENT_INTERRUPT}.
     */
    boolean interruptDeliverable();

    /** HLT has been executed; RIP will stand behind it. Execution goes on with the next interrupt, NMI, INIT or reset. */
    void halt();

    /** 64 unpredictable bits, for RDRAND and RDSEED. */
    long random();

    /** Bits of CR4 that exist; setting another raises #GP(0). */
    long cr4Mask();

    /** Bits of EFER that a write may have set, LMA included. */
    long eferMask();

    /** Bits that XCR0 may have set. */
    long xcr0Mask();

    /** Width of guest-physical addresses. */
    int physicalAddressBits();
}
