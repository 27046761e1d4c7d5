package dev.quoll.emulator.apic;

/** The processor core behind a local APIC. All methods may be called from any thread, also its own. */
public interface ApicCpu {
    /**
     * {@link LocalApic#hasDeliverable} may have become true: look soon, wake from HLT. Spurious calls happen; calls
     * that come before the CPU looks may merge into one.
     */
    void interruptPending();

    /** A non-maskable interrupt. */
    void nmi();

    /** INIT: the CPU calls {@link LocalApic#initReset} when it takes it. */
    void init();

    /** Start-up IPI; ignored unless the CPU waits for one. @param vector page number of the real-mode entry point */
    void startup(int vector);
}
