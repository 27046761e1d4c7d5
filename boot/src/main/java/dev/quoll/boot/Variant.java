package dev.quoll.boot;

/** The two forms of the board. Part of a snapshot's board name: never change what one of them is made of. */
public enum Variant {
    /** Hardware-reduced ACPI, PCI Express, few ISA parts: for every kernel of the last decade. */
    DEFAULT,
    /** Also the fixed ACPI hardware and the interval timer of a PC: for old kernels and those told to ignore ACPI. */
    LEGACY
}
