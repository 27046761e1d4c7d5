package dev.quoll.devices.pci;

/** The address space that a base address register decodes, and its size in the header. */
public enum BarSpace {
    /** 32-bit memory. */
    MEMORY_32,
    /** 64-bit memory; takes two registers. */
    MEMORY_64,
    /** 64-bit prefetchable memory; takes two registers. */
    MEMORY_64_PREFETCHABLE,
    /** Ports. */
    PORTS;

    /** The read-only low bits of the register (PCI Local Bus 3.0, 6.2.5.1). */
    int flags() {
        return switch (this) {
            case MEMORY_32 -> 0;
            case MEMORY_64 -> 4;
            case MEMORY_64_PREFETCHABLE -> 0xc;
            case PORTS -> 1;
        };
    }

    /** Whether the register above holds the upper half of the address. */
    boolean wide() {
        return this == MEMORY_64 || this == MEMORY_64_PREFETCHABLE;
    }
}
