package dev.quoll.boot.image;

/**
 * The boot processor's state at the kernel's first instruction; everything not named is as after INIT, with interrupts
 * disabled. In the two protected modes the descriptor table at {@code gdtBase} is in RAM, all data segments are
 * {@link #DATA_SELECTOR}, and the processor holds the descriptors of {@link BootDescriptors} in its hidden parts.
 *
 * @param cr3 page table root in {@link Mode#LONG64}, else 0: paging is off
 */
public record EntryState(Mode mode, long rip, long rsp, long rax, long rbx, long rsi, long cr3, long gdtBase, int gdtLimit) {
    /** How the processor runs when the kernel is entered. */
    public enum Mode {
        /** Real mode; {@code rip} is a linear address to be split into CS base and IP. For firmware and boot sectors. */
        REAL16,
        /** 32-bit protected mode without paging: CR0.PE, flat segments of 4 GiB. */
        PROTECTED32,
        /** 64-bit mode: CR0.PE and PG, CR4.PAE, EFER.LME and LMA, RAM below 4 GiB mapped one to one. */
        LONG64
    }

    /** {@code __BOOT_CS} of Linux's 32-bit and 64-bit boot protocols (Documentation/arch/x86/boot.rst). */
    public static final int CODE_SELECTOR = 0x10;
    /** {@code __BOOT_DS}. */
    public static final int DATA_SELECTOR = 0x18;
    /** A busy task state segment at 0 with a limit of 0x67, which PVH asks for and hardware virtualisation needs. */
    public static final int TASK_SELECTOR = 0x08;
}
