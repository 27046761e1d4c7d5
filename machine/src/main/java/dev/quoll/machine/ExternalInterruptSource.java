package dev.quoll.machine;

/** The 8259 pair as a CPU sees it when it acknowledges an ExtINT: the vector comes from outside the local APIC. */
public interface ExternalInterruptSource {
    /** The INTA cycle: returns the vector (0-255) and moves the request into service; the spurious vector when none is left. */
    int acknowledge();

    /** Whether the INTR output is high. */
    boolean pending();
}
