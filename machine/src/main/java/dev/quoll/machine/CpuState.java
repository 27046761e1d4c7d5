package dev.quoll.machine;

import dev.quoll.machine.CpuElement.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * All architectural state of one CPU at one moment.
 *
 * @param elements one of each kind, in the order of {@link Kind}
 */
public record CpuState(List<CpuElement> elements) {
    /** @throws IllegalArgumentException unless there is one of each kind, in order */
    public CpuState {
        elements = List.copyOf(elements);
        if (!elements.stream().map(CpuElement::kind).toList().equals(List.of(Kind.values()))) {
            throw new IllegalArgumentException("a CPU's state has one element of each kind, in order");
        }
    }

    /** Reads a CPU that does not run. */
    public static CpuState of(VirtualCpu cpu) {
        Map<Kind, CpuElement> read = new EnumMap<>(Kind.class);
        // An engine puts back into the local APIC what it had taken out, so that comes before the pending events.
        for (Kind kind : Kind.values()) {
            read.put(kind, cpu.read(kind));
        }
        return new CpuState(new ArrayList<>(read.values()));
    }

    /**
     * Writes it to a CPU that does not run, element by element in the order of {@link Kind}.
     *
     * @throws IllegalArgumentException when the CPU cannot hold a value, saying which; its state then is of no use
     */
    public void writeTo(VirtualCpu cpu) {
        elements.forEach(cpu::write);
    }

    /** The element of a kind. */
    public CpuElement get(Kind kind) {
        return elements.get(kind.ordinal());
    }
}
