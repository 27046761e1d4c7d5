package dev.quoll.boot;

/** What is elsewhere than {@link BoardMap} says on a board with firmware: as on Q35 machines, which firmware is made for. */
final class Q35Map {
    /** RAM beyond this goes to 4 GiB and up: firmware has the configuration window and BARs above it. */
    static final long RAM_BELOW_4G_END = 0x80000000L;
    /** The 32-bit BAR window ends here, at the I/O APIC. */
    static final long PCI_WINDOW_32_END = 0xfec00000L;
    /** OVMF's 64-bit BARs begin at a multiple of this behind RAM. */
    static final long PCI_WINDOW_64_ALIGNMENT = 32L << 30;

    static final int FIRMWARE_CONFIG = 0x510;
    /** System control port A: fast A20 and reset. */
    static final int SYSTEM_CONTROL_A = 0x92;

    /** Where firmware puts the power registers (PMBASE), and what lies where in them (ICH9 data sheet, 13.8.3). */
    static final int POWER_PORTS = 0x600;

    static final int PM1_CONTROL = 4;
    static final int PM_TIMER = 8;
    static final int SMI_CONTROL = 0x30;
    static final int POWER_PORTS_LENGTH = 0x80;

    static final int SLOT_LPC = 0x1f;

    static final int FUNCTION_LPC = 0;
    static final int FUNCTION_SATA = 2;

    private Q35Map() {}
}
