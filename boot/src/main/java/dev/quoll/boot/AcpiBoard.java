package dev.quoll.boot;

import dev.quoll.devices.acpi.Fadt;
import dev.quoll.devices.acpi.GenericAddress;
import dev.quoll.devices.acpi.PciRootDevice.Window;
import dev.quoll.devices.acpi.SleepRegisters;
import dev.quoll.devices.pci.PciBus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one board has and another has not, as far as ACPI tells it.
 *
 * @param legacyParts the 8259 pair, interval timers and fixed power registers
 * @param events the generic event device and what it reports
 * @param power how the guest powers off and resets the machine
 * @param pci empty on a board without PCI
 * @param mmioWindows virtio-mmio windows
 */
record AcpiBoard(boolean legacyParts, boolean events, Power power, Optional<PciSpace> pci, int mmioWindows) {
    /**
     * Power registers.
     *
     * @param hardware the model's own registers
     * @param reset where a reset is asked for, and {@code resetValue} by what
     * @param timer port of the power management timer
     * @param offType the sleep type of {@code \_S5}
     * @param ports the first of those that no driver may take, of {@code portCount}
     */
    record Power(
            Fadt.Hardware hardware, GenericAddress reset, int resetValue, int timer, int offType, int ports, int portCount) {}

    /**
     * The PCI root's addresses.
     *
     * @param configWindow where enhanced configuration is, of {@code configLength} bytes
     * @param windows where BARs may be
     */
    record PciSpace(long configWindow, long configLength, List<Window> windows) {}

    /** RST_CPU, SYS_RST and FULL_RST of the reset control register. */
    private static final int FULL_RESET = 0xe;

    private static final int RESET_CONTROL = BoardMap.PCI_CONFIG + 1;

    /** The boards that start kernels themselves. */
    static AcpiBoard of(Variant variant, RamLayout ram, Transport transport, int mmioWindows) {
        boolean legacy = variant == Variant.LEGACY;
        GenericAddress sleepControl = GenericAddress.port(BoardMap.SLEEP_CONTROL, 8, 1);
        Fadt.Hardware hardware = legacy
                ? new Fadt.Fixed(BoardMap.IRQ_SCI, BoardMap.PM1_EVENT, BoardMap.PM1_CONTROL)
                : new Fadt.Reduced(sleepControl, GenericAddress.port(BoardMap.SLEEP_STATUS, 8, 1));
        long window64 = ram.pciWindow64();
        PciSpace space = new PciSpace(
                BoardMap.ECAM,
                PciBus.ECAM_LENGTH,
                List.of(
                        new Window(BoardMap.PCI_WINDOW_32, BoardMap.PCI_WINDOW_32_END - 1),
                        new Window(window64, window64 + BoardMap.PCI_WINDOW_64_SIZE - 1)));
        return new AcpiBoard(
                legacy,
                true,
                new Power(
                        hardware,
                        sleepControl,
                        SleepRegisters.RESET_VALUE,
                        BoardMap.PM_TIMER,
                        SleepRegisters.S5_TYPE,
                        BoardMap.POWER_PORTS,
                        BoardMap.POWER_PORTS_LENGTH),
                transport == Transport.PCI ? Optional.of(space) : Optional.empty(),
                mmioWindows);
    }

    /**
     * The board with firmware, which has placed some of it.
     *
     * @param configWindow where firmware has put enhanced configuration; -1 when it has not
     * @param powerBase the first port of power management
     */
    static AcpiBoard withFirmware(FirmwareMemory map, long configWindow, long configLength, int powerBase) {
        List<Window> windows = new ArrayList<>();
        long next = map.lowEnd();
        if (configWindow >= next && configWindow < Q35Map.PCI_WINDOW_32_END) {
            if (configWindow > next) {
                windows.add(new Window(next, configWindow - 1));
            }
            next = configWindow + configLength;
        }
        windows.add(new Window(next, Q35Map.PCI_WINDOW_32_END - 1));
        long ramEnd = BoardMap.FOUR_GIB + map.highSize();
        long window64 = (ramEnd + Q35Map.PCI_WINDOW_64_ALIGNMENT - 1) / Q35Map.PCI_WINDOW_64_ALIGNMENT * Q35Map.PCI_WINDOW_64_ALIGNMENT;
        windows.add(new Window(window64, window64 + BoardMap.PCI_WINDOW_64_SIZE - 1));
        return new AcpiBoard(
                true,
                false,
                new Power(
                        new Fadt.Fixed(BoardMap.IRQ_SCI, powerBase, powerBase + Q35Map.PM1_CONTROL),
                        GenericAddress.port(RESET_CONTROL, 8, 1),
                        FULL_RESET,
                        powerBase + Q35Map.PM_TIMER,
                        Q35Chipset.S5_TYPE,
                        powerBase,
                        Q35Map.POWER_PORTS_LENGTH),
                Optional.of(new PciSpace(configWindow, configLength, windows)),
                0);
    }
}
