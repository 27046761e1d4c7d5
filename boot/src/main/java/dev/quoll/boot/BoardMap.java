package dev.quoll.boot;

import dev.quoll.devices.virtio.VirtioMmioDevice;
import dev.quoll.devices.virtio.VirtioPciFunction;

/** Where everything is on {@code quoll-pc}: guest-physical addresses, ports, interrupt lines, PCI slots. */
final class BoardMap {
    static final long LOW_RAM_END = 0xa0000;
    /** The end of low RAM that a BIOS would keep for itself; reserved, as kernels expect of a PC. */
    static final long EXTENDED_BIOS_DATA = 0x9fc00;

    static final long RSDP = 0xe0000;
    static final long ACPI_TABLES = 0xe0040;
    static final long ACPI_TABLES_END = 0xf0000;
    /** In the BIOS area and not in the last KiB of base memory, which holds a table of few CPUs and PCI slots only. */
    static final long MP_TABLE = 0xf1000;
    /** SMBIOS entry point, at a multiple of 16 in the area that kernels search, and the structures behind it. */
    static final long SMBIOS = 0xf0000;
    static final long SMBIOS_STRUCTURES = 0xf0020;
    static final long SMBIOS_END = MP_TABLE;
    /** A page of its own, as the specification wants. */
    static final long GENERATION_ID = 0xfe000;
    static final long BIOS_END = 0x100000;

    /** RAM beyond this goes to 4 GiB and up. */
    static final long RAM_BELOW_4G_END = 0xc0000000L;
    static final long PCI_WINDOW_32 = 0xc0000000L;
    static final long PCI_WINDOW_32_END = 0xe0000000L;
    static final long ECAM = 0xe0000000L;
    static final long FOUR_GIB = 1L << 32;
    /** Size of the window for 64-bit BARs, which follows RAM at the next multiple of itself. */
    static final long PCI_WINDOW_64_SIZE = 64L << 30;

    static final long IO_APIC = 0xfec00000L;
    static final long HPET = 0xfed00000L;
    static final long LOCAL_APIC = 0xfee00000L;
    /** KVM's identity map page and TSS: reserved on every engine, because the guest must see one board. */
    static final long KVM_PAGES = 0xfeffc000L;
    static final long KVM_PAGES_SIZE = 0x4000;

    static final int PIT = 0x40;
    static final int KEYBOARD_DATA = 0x60;
    /** Speaker and gate of the timer's channel 2. */
    static final int SYSTEM_CONTROL = 0x61;
    static final int KEYBOARD_COMMAND = 0x64;
    static final int RTC = 0x70;
    static final int BOOT_STAMP = 0x80;
    static final int BOCHS_DEBUG = 0xe9;
    static final int DEBUG_EXIT = 0xf4;
    static final int COM1 = 0x3f8;
    static final int FIRMWARE_DEBUG = 0x402;
    /** Sleep control, and reset register with value 1. */
    static final int SLEEP_CONTROL = 0x600;
    static final int SLEEP_STATUS = 0x601;
    /** The fixed ACPI hardware of the legacy variant: event block, then control block. */
    static final int PM1_EVENT = 0x602;
    static final int PM1_CONTROL = 0x606;
    static final int PM_TIMER = 0x608;
    /** First port and number of those that ACPI reserves for the board's power registers. */
    static final int POWER_PORTS = 0x600;
    static final int POWER_PORTS_LENGTH = 0x10;
    static final int PCI_CONFIG = 0xcf8;

    static final int IRQ_TIMER = 0;
    static final int IRQ_KEYBOARD = 1;
    static final int IRQ_COM1 = 4;
    static final int IRQ_RTC = 8;
    static final int IRQ_SCI = 9;
    /** The generic event device's interrupts: pins that no ISA device here has. */
    static final int GSI_GENERATION_ID = 12;

    static final int GSI_POWER_BUTTON = 13;
    /** PCI INTx pins share these eight. */
    static final int GSI_PCI = 16;
    static final int GSI_PCI_COUNT = 8;

    /** Where virtio-mmio windows begin on a board without PCI, one after the other, and their interrupts. */
    static final long VIRTIO_MMIO = 0xc0001000L;

    private static final int[] VIRTIO_MMIO_GSI = {5, 6, 7, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
    static final int VIRTIO_MMIO_COUNT = VIRTIO_MMIO_GSI.length;

    static final int PCI_SLOTS = 32;
    static final int SLOT_HOST_BRIDGE = 0;
    /** Behind the last slot of virtio devices. Where there is an LPC bridge, as function 2 of it. */
    static final int SLOT_SATA = 0x1f;

    static final long SATA_REGISTERS = PCI_WINDOW_32 + SLOT_SATA * VirtioPciFunction.WINDOW_LENGTH;

    private BoardMap() {}

    /** The address of a virtio-mmio window. @param index from 0 to {@link #VIRTIO_MMIO_COUNT} - 1 */
    static long virtioMmio(int index) {
        return VIRTIO_MMIO + index * VirtioMmioDevice.LENGTH;
    }

    /** The GSI of a virtio-mmio window. */
    static int virtioMmioGsi(int index) {
        return VIRTIO_MMIO_GSI[index];
    }

    /** Whether no ISA device here has the interrupt, nor the PC's own wiring. */
    static boolean isFreeIrq(int irq) {
        return switch (irq) {
            case 3, 5, 6, 7, 10, 11, 12, 14, 15 -> true;
            default -> false;
        };
    }

    /** The GSI of a PCI function's interrupt pin. @param pin 0 for INTA to 3 for INTD */
    static int pciGsi(int slot, int pin) {
        return GSI_PCI + (slot + pin) % GSI_PCI_COUNT;
    }
}
