package dev.quoll.boot;

/** How virtio devices are connected. Part of a snapshot's board name. */
public enum Transport {
    /** As PCI functions with MSI-X; every distribution's initial ramdisk has the driver. */
    PCI,
    /**
     * As windows of registers with an interrupt wire each, told by ACPI and, in the legacy variant, by the command line as well. There is
     * no PCI then. For small kernels built without it.
     */
    MMIO
}
