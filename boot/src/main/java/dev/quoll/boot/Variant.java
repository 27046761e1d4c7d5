package dev.quoll.boot;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/** The two forms of the board. Part of a snapshot's board name: never change what one of them is made of. */
public enum Variant {
    /** Hardware-reduced ACPI, PCI Express, few ISA parts: for every kernel of the last decade. */
    DEFAULT,
    /**
     * Also the 8259 pair, 8254, HPET, fixed ACPI hardware and an MP table: for old kernels, and those told to ignore ACPI
     * or the I/O APIC.
     */
    LEGACY;

    /**
     * Kernel parameters that take away ACPI, the I/O APIC or the local APIC. A hardware-reduced machine has no interrupts
     * left then: its kernel has no driver for an 8259 to fall back on.
     */
    private static final Set<String> NEED_LEGACY =
            Set.of("acpi=off", "noapic", "nolapic", "nosmp", "maxcpus=0", "pci=noacpi");

    /** The first word of a kernel's command line that only {@link #LEGACY} can serve. */
    public static Optional<String> needsLegacy(String commandLine) {
        return Arrays.stream(commandLine.split("\\s+")).filter(NEED_LEGACY::contains).findFirst();
    }
}
