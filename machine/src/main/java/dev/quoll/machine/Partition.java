package dev.quoll.machine;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An engine's part of one machine. */
public interface Partition extends AutoCloseable {
    /** Interrupt controllers an engine may bring itself; {@code boot} makes the rest from device models. */
    enum IrqchipPart {
        LOCAL_APIC,
        IO_APIC,
        PIC,
        PIT
    }

    /** The parts this partition owns. */
    Set<IrqchipPart> owns();

    /** The inputs of the I/O APIC that this partition owns, by pin; none where the board has it. */
    default List<InterruptLine> interruptInputs() {
        return List.of();
    }

    int cpuCount();

    /** @param index 0 to {@link #cpuCount()} - 1 */
    VirtualCpu cpu(int index);

    /** Delivers messages to the local APICs. */
    MsiSink msiSink();

    /** The LINT0 pin of every local APIC (the board wires the PIC's INTR there). Level matters, not edges. */
    InterruptLine lint0();

    /** The LINT1 pin (NMI button and such). */
    InterruptLine lint1();

    /** Whom to ask for the vector when a CPU accepts an ExtINT; set before the first run. */
    void setExternalInterruptSource(ExternalInterruptSource source);

    /** Who hears EOI broadcasts of level-triggered vectors; set before the first run. */
    void setEoiListener(EoiListener listener);

    /**
     * What the FERR# pin of CPU 0 drives, high for asserted: an x87 exception waits while CR0.NE is clear (SDM vol. 1, 8.7). Set before
     * the first run. Without, such exceptions are ignored, as if IGNNE# were asserted; so they are by an engine that has no such pin.
     */
    default void setNumericErrorLine(InterruptLine line) {}

    /** The IGNNE# pin of CPU 0, high for asserted. */
    default InterruptLine ignoreNumericError() {
        return InterruptLine.NONE;
    }

    /** Doorbells and interrupts by event descriptor, where the engine has them. */
    default Optional<EventWiring> eventWiring() {
        return Optional.empty();
    }

    /** A log of the pages that guest code writes, where the engine keeps one. */
    default Optional<DirtyLog> dirtyLog() {
        return Optional.empty();
    }

    /** Whether the engine follows {@link GuestMemory#remap} while the guest runs. */
    default boolean remapsMemory() {
        return false;
    }

    /** Figures for {@code --stats}: one {@code name value} a line. Any thread. */
    String statistics();

    /** Frees all; only after every vCPU's {@code run()} has returned. */
    @Override
    void close();
}
