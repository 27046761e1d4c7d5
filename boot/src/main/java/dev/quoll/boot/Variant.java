package dev.quoll.boot;

/** The two forms of the board. Part of a snapshot's board name: never change what one of them is made of. */
public enum Variant {
    /** Hardware-reduced ACPI, PCI Express, few ISA parts: for every kernel of the last decade. */
    DEFAULT,
    /**
     * Also the 8259 pair, 8254, HPET, fixed ACPI hardware and an MP table: for old kernels, and those told to ignore ACPI
     * or the I/O APIC.
     */
    LEGACY
}
