package dev.quoll.emulator.core;

/** Takes a vCPU into the handler of an interrupt or exception: real-mode vectors, gates and tasks. */
public interface EventDelivery {
    /** Where an event comes from: decides privilege checks, the EXT bit and what RIP is pushed. */
    enum Source {
        /** Interrupt from the APIC, the PIC or NMI. */
        EXTERNAL,
        /** Fault or trap of the CPU itself, INT1 included. */
        EXCEPTION,
        /** INT n, INT3, INTO: gate DPL is checked; RIP already stands behind the instruction. */
        SOFTWARE
    }

    /**
     * Pushes the return frame and loads CS:RIP, from the current state with RIP exact.
     *
     * @throws GuestFault when the delivery itself faults; state is then as before but for what the manual says
     */
    void deliver(Cpu cpu, int vector, boolean hasError, int error, Source source);
}
