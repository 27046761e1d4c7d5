package dev.quoll.machine;

/** How a machine came to its end; see {@link Machine#await()}. */
public sealed interface Outcome {
    /** The guest turned itself off. @param cause the way it took, for example {@code ACPI S5} */
    record PoweredOff(String cause) implements Outcome {}

    /** The guest asked for a reset, and the machine was made to end there ({@link MachineConfig#reboot()} false). */
    record Reset(String cause) implements Outcome {}

    /** The guest ended the machine with a status of its own (debug exit port). */
    record Exited(int status) implements Outcome {}

    /** Every CPU is in HLT with interrupts masked, or was never started: nothing the machine does can wake one. */
    record Halted(String detail) implements Outcome {}

    /** A CPU shut down (triple fault). @param report the faults that led there */
    record Crashed(String report) implements Outcome {}

    /** The engine, a device or the loader could not go on. @param report complete; the first line says it in short */
    record Failed(String report) implements Outcome {}

    /** The host ended the machine: {@link Machine#stop()} or {@link Machine#close()}. */
    record Stopped() implements Outcome {}
}
