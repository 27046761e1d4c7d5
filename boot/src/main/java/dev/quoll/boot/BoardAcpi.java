package dev.quoll.boot;

import dev.quoll.devices.acpi.AcpiTable;
import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.devices.acpi.Aml;
import dev.quoll.devices.acpi.AmlResource;
import dev.quoll.devices.acpi.AmlTerm;
import dev.quoll.devices.acpi.BoardDevices;
import dev.quoll.devices.acpi.Fadt;
import dev.quoll.devices.acpi.GenericAddress;
import dev.quoll.devices.acpi.Madt;
import dev.quoll.devices.acpi.PciRootDevice;
import dev.quoll.devices.acpi.SleepRegisters;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.pci.PciConfigPorts;
import dev.quoll.devices.time.CmosRtc;
import dev.quoll.devices.time.Hpet;
import dev.quoll.devices.virtio.VirtioMmioDevice;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The ACPI tables that tell a guest of the board. */
final class BoardAcpi {
    private static final int PCI_PINS = 4;
    private static final int LAST_BUS = (int) (PciBus.ECAM_LENGTH >> 20) - 1;
    /**
     * What _OSC lets the system control (PCI Firmware Specification 3.0, table 4-5): native hot plug, power management
     * events, error reporting and the capability structure. Firmware that would do it instead does not exist.
     */
    private static final int OSC_CONTROL = 0x1d;
    /** 50 microseconds: the HPET model fires no faster. */
    private static final int HPET_MINIMUM_TICK = (int) (Hpet.HZ / 20_000);

    /** The first device-specific notification: button pressed, generation changed (ACPI 6.5, 5.6.6). */
    private static final int STATUS_CHANGE = 0x80;

    private final Variant variant;
    private final int cpus;
    private final RamLayout ram;
    private final Transport transport;
    private final int mmioWindows;

    /** @param mmioWindows number of virtio-mmio windows; 0 with PCI */
    BoardAcpi(Variant variant, int cpus, RamLayout ram, Transport transport, int mmioWindows) {
        this.variant = variant;
        this.cpus = cpus;
        this.ram = ram;
        this.transport = transport;
        this.mmioWindows = mmioWindows;
    }

    /** Every table at its address. */
    List<AcpiTables.Placed> place() {
        List<AcpiTable> others = new ArrayList<>(List.of(madt()));
        if (transport == Transport.PCI) {
            others.add(AcpiTable.mcfg(BoardMap.ECAM, 0, LAST_BUS));
        }
        if (variant == Variant.LEGACY) {
            others.add(AcpiTable.hpet(BoardMap.HPET, Hpet.CAPABILITIES, HPET_MINIMUM_TICK));
        }
        AcpiTables tables = new AcpiTables(fadt(), dsdt(), variant == Variant.LEGACY, others);
        return tables.place(BoardMap.RSDP, BoardMap.ACPI_TABLES, BoardMap.ACPI_TABLES_END);
    }

    private Fadt fadt() {
        Fadt.Hardware hardware = variant == Variant.LEGACY
                ? new Fadt.Fixed(BoardMap.IRQ_SCI, BoardMap.PM1_EVENT, BoardMap.PM1_CONTROL)
                : new Fadt.Reduced(
                        GenericAddress.port(BoardMap.SLEEP_CONTROL, 8, 1), GenericAddress.port(BoardMap.SLEEP_STATUS, 8, 1));
        Set<Fadt.Feature> features = EnumSet.of(
                Fadt.Feature.WBINVD, Fadt.Feature.PROC_C1, Fadt.Feature.SLEEP_BUTTON_DEVICE, Fadt.Feature.HEADLESS);
        if (variant == Variant.DEFAULT) {
            features.add(Fadt.Feature.POWER_BUTTON_DEVICE);
        }
        return new Fadt(
                hardware,
                features,
                EnumSet.of(
                        Fadt.BootFlag.LEGACY_DEVICES,
                        Fadt.BootFlag.KEYBOARD_CONTROLLER,
                        Fadt.BootFlag.VGA_NOT_PRESENT,
                        Fadt.BootFlag.NO_ASPM),
                GenericAddress.port(BoardMap.SLEEP_CONTROL, 8, 1),
                SleepRegisters.RESET_VALUE,
                BoardMap.PM_TIMER,
                CmosRtc.CENTURY);
    }

    private AcpiTable madt() {
        List<Madt.Entry> entries = new ArrayList<>();
        for (int index = 0; index < cpus; index++) {
            entries.add(new Madt.Cpu(index, index, true));
        }
        entries.add(new Madt.IoApicEntry(0, BoardMap.IO_APIC, 0));
        entries.add(new Madt.Override(BoardMap.IRQ_COM1, BoardMap.IRQ_COM1, false, false));
        if (variant == Variant.LEGACY) {
            entries.add(new Madt.Override(
                    BoardMap.IRQ_TIMER, IsaInterrupts.pinOf(BoardMap.IRQ_TIMER), false, false));
            entries.add(new Madt.Override(BoardMap.IRQ_SCI, BoardMap.IRQ_SCI, true, false));
        }
        entries.add(new Madt.LocalNmi(1));
        return new Madt(BoardMap.LOCAL_APIC, variant == Variant.LEGACY, entries).table();
    }

    private AcpiTable dsdt() {
        List<AmlTerm> devices = new ArrayList<>();
        if (transport == Transport.PCI) {
            devices.add(pciRoot());
            devices.add(BoardDevices.reservedMemory("ECAM", 0, BoardMap.ECAM, PciBus.ECAM_LENGTH));
        }
        for (int index = 0; index < mmioWindows; index++) {
            devices.add(BoardDevices.virtioMmio(
                    index, BoardMap.virtioMmio(index), VirtioMmioDevice.LENGTH, BoardMap.virtioMmioGsi(index)));
        }
        devices.addAll(List.of(
                ports(),
                BoardDevices.serialPort(0, BoardMap.COM1, BoardMap.IRQ_COM1),
                BoardDevices.keyboard(BoardMap.IRQ_KEYBOARD),
                BoardDevices.realTimeClock(BoardMap.RTC, BoardMap.IRQ_RTC)));
        for (int index = 0; index < cpus; index++) {
            devices.add(BoardDevices.processor(index));
        }
        devices.addAll(events());
        if (variant == Variant.LEGACY) {
            devices.add(BoardDevices.intervalTimer(BoardMap.PIT, BoardMap.IRQ_TIMER));
            devices.add(BoardDevices.hpet(BoardMap.HPET));
        }
        return AcpiTable.dsdt(
                Aml.scope("\\_SB_", devices.toArray(AmlTerm[]::new)),
                BoardDevices.softOff(SleepRegisters.S5_TYPE));
    }

    /** What happens to the machine from outside, and the device that tells the guest. The legacy variant's button is a fixed one. */
    private List<AmlTerm> events() {
        List<AmlTerm> devices = new ArrayList<>(List.of(BoardDevices.generationId(BoardMap.GENERATION_ID)));
        List<BoardDevices.Event> events = new ArrayList<>(List.of(new BoardDevices.Event(
                BoardMap.GSI_GENERATION_ID, List.of(Aml.notify("\\_SB_.VGEN", Aml.integer(STATUS_CHANGE))))));
        if (variant == Variant.DEFAULT) {
            devices.add(BoardDevices.powerButton());
            events.add(new BoardDevices.Event(
                    BoardMap.GSI_POWER_BUTTON, List.of(Aml.notify("\\_SB_.PWRB", Aml.integer(STATUS_CHANGE)))));
        }
        devices.add(BoardDevices.genericEventDevice(events));
        return devices;
    }

    private AmlTerm pciRoot() {
        List<PciRootDevice.Route> routes = new ArrayList<>();
        for (int slot = 0; slot < BoardMap.PCI_SLOTS; slot++) {
            for (int pin = 0; pin < PCI_PINS; pin++) {
                routes.add(new PciRootDevice.Route(slot, pin, BoardMap.pciGsi(slot, pin)));
            }
        }
        long window64 = ram.pciWindow64();
        return new PciRootDevice(
                        LAST_BUS,
                        List.of(
                                new PciRootDevice.Window(0, BoardMap.PCI_CONFIG - 1),
                                new PciRootDevice.Window(BoardMap.PCI_CONFIG + PciConfigPorts.PORTS, 0xffff)),
                        List.of(
                                new PciRootDevice.Window(BoardMap.PCI_WINDOW_32, BoardMap.PCI_WINDOW_32_END - 1),
                                new PciRootDevice.Window(window64, window64 + BoardMap.PCI_WINDOW_64_SIZE - 1)),
                        routes,
                        OSC_CONTROL)
                .device();
    }

    /** Ports that the board decodes itself and no driver may take. */
    private static AmlTerm ports() {
        return Aml.device(
                "PORT",
                Aml.name("_HID", Aml.eisaId("PNP0C02")),
                Aml.name("_UID", Aml.integer(1)),
                Aml.name(
                        "_CRS",
                        Aml.resources(
                                AmlResource.ports(BoardMap.BOOT_STAMP, 1),
                                AmlResource.ports(BoardMap.POWER_PORTS, BoardMap.POWER_PORTS_LENGTH))));
    }
}
