package dev.quoll.emulator.core;

/**
 * Unwinds from inside a block to the CPU loop when an instruction raises an exception. One preallocated instance per
 * vCPU, no stack trace: what is raised stands in the {@link Cpu}'s fault fields.
 */
public final class GuestFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    GuestFault() {
        super(null, null, false, false);
    }
}
