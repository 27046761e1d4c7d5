package dev.quoll.boot;

import dev.quoll.devices.acpi.AcpiTable;
import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.devices.acpi.Aml;
import dev.quoll.devices.acpi.AmlResource;
import dev.quoll.devices.acpi.AmlTerm;
import dev.quoll.devices.acpi.BoardDevices;
import dev.quoll.devices.acpi.Fadt;
import dev.quoll.devices.acpi.Madt;
import dev.quoll.devices.acpi.PciRootDevice;
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
    /**
     * What _OSC lets the system control (PCI Firmware Specification 3.0, table 4-5): native hot plug, power management
     * events, error reporting and the capability structure. Firmware that would do it instead does not exist.
     */
    private static final int OSC_CONTROL = 0x1d;
    /** 50 microseconds: the HPET model fires no faster. */
    private static final int HPET_MINIMUM_TICK = (int) (Hpet.HZ / 20_000);

    /** The first device-specific notification: button pressed, generation changed (ACPI 6.5, 5.6.6). */
    private static final int STATUS_CHANGE = 0x80;

    private final AcpiBoard board;
    private final int cpus;

    /** @param mmioWindows number of virtio-mmio windows; 0 with PCI */
    BoardAcpi(Variant variant, int cpus, RamLayout ram, Transport transport, int mmioWindows) {
        this(AcpiBoard.of(variant, ram, transport, mmioWindows), cpus);
    }

    BoardAcpi(AcpiBoard board, int cpus) {
        this.board = board;
        this.cpus = cpus;
    }

    /** Every table at its address. */
    List<AcpiTables.Placed> place() {
        return tables().place(BoardMap.RSDP, BoardMap.ACPI_TABLES, BoardMap.ACPI_TABLES_END);
    }

    /** The tables, wherever they are to be. */
    AcpiTables tables() {
        List<AcpiTable> others = new ArrayList<>(List.of(madt()));
        board.pci()
                .filter(space -> space.configWindow() >= 0)
                .ifPresent(space -> others.add(AcpiTable.mcfg(space.configWindow(), 0, lastBus(space))));
        if (board.legacyParts()) {
            others.add(AcpiTable.hpet(BoardMap.HPET, Hpet.CAPABILITIES, HPET_MINIMUM_TICK));
        }
        return new AcpiTables(fadt(), dsdt(), board.legacyParts(), others);
    }

    private static int lastBus(AcpiBoard.PciSpace space) {
        return (int) (space.configLength() >> 20) - 1;
    }

    private Fadt fadt() {
        Set<Fadt.Feature> features = EnumSet.of(
                Fadt.Feature.WBINVD, Fadt.Feature.PROC_C1, Fadt.Feature.SLEEP_BUTTON_DEVICE, Fadt.Feature.HEADLESS);
        if (!board.legacyParts()) {
            features.add(Fadt.Feature.POWER_BUTTON_DEVICE);
        }
        return new Fadt(
                board.power().hardware(),
                features,
                EnumSet.of(
                        Fadt.BootFlag.LEGACY_DEVICES,
                        Fadt.BootFlag.KEYBOARD_CONTROLLER,
                        Fadt.BootFlag.VGA_NOT_PRESENT,
                        Fadt.BootFlag.NO_ASPM),
                board.power().reset(),
                board.power().resetValue(),
                board.power().timer(),
                CmosRtc.CENTURY);
    }

    private AcpiTable madt() {
        List<Madt.Entry> entries = new ArrayList<>();
        for (int index = 0; index < cpus; index++) {
            entries.add(new Madt.Cpu(index, index, true));
        }
        entries.add(new Madt.IoApicEntry(0, BoardMap.IO_APIC, 0));
        entries.add(new Madt.Override(BoardMap.IRQ_COM1, BoardMap.IRQ_COM1, false, false));
        if (board.legacyParts()) {
            entries.add(new Madt.Override(
                    BoardMap.IRQ_TIMER, IsaInterrupts.pinOf(BoardMap.IRQ_TIMER), false, false));
            entries.add(new Madt.Override(BoardMap.IRQ_SCI, BoardMap.IRQ_SCI, true, false));
        }
        entries.add(new Madt.LocalNmi(1));
        return new Madt(BoardMap.LOCAL_APIC, board.legacyParts(), entries).table();
    }

    private AcpiTable dsdt() {
        List<AmlTerm> devices = new ArrayList<>();
        board.pci().ifPresent(space -> {
            devices.add(pciRoot(space));
            if (space.configWindow() >= 0) {
                devices.add(BoardDevices.reservedMemory("ECAM", 0, space.configWindow(), space.configLength()));
            }
        });
        for (int index = 0; index < board.mmioWindows(); index++) {
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
        if (board.events()) {
            devices.addAll(events());
        }
        if (board.legacyParts()) {
            devices.add(BoardDevices.intervalTimer(BoardMap.PIT, BoardMap.IRQ_TIMER));
            devices.add(BoardDevices.hpet(BoardMap.HPET));
        }
        return AcpiTable.dsdt(
                Aml.scope("\\_SB_", devices.toArray(AmlTerm[]::new)),
                BoardDevices.softOff(board.power().offType()));
    }

    /** What happens to the machine from outside, and the device that tells the guest. The legacy variant's button is a fixed one. */
    private List<AmlTerm> events() {
        List<AmlTerm> devices = new ArrayList<>(List.of(BoardDevices.generationId(BoardMap.GENERATION_ID)));
        List<BoardDevices.Event> events = new ArrayList<>(List.of(new BoardDevices.Event(
                BoardMap.GSI_GENERATION_ID, List.of(Aml.notify("\\_SB_.VGEN", Aml.integer(STATUS_CHANGE))))));
        if (!board.legacyParts()) {
            devices.add(BoardDevices.powerButton());
            events.add(new BoardDevices.Event(
                    BoardMap.GSI_POWER_BUTTON, List.of(Aml.notify("\\_SB_.PWRB", Aml.integer(STATUS_CHANGE)))));
        }
        devices.add(BoardDevices.genericEventDevice(events));
        return devices;
    }

    private static AmlTerm pciRoot(AcpiBoard.PciSpace space) {
        List<PciRootDevice.Route> routes = new ArrayList<>();
        for (int slot = 0; slot < BoardMap.PCI_SLOTS; slot++) {
            for (int pin = 0; pin < PCI_PINS; pin++) {
                routes.add(new PciRootDevice.Route(slot, pin, BoardMap.pciGsi(slot, pin)));
            }
        }
        return new PciRootDevice(
                        lastBus(space),
                        List.of(
                                new PciRootDevice.Window(0, BoardMap.PCI_CONFIG - 1),
                                new PciRootDevice.Window(BoardMap.PCI_CONFIG + PciConfigPorts.PORTS, 0xffff)),
                        space.windows(),
                        routes,
                        OSC_CONTROL)
                .device();
    }

    /** Ports that the board decodes itself and no driver may take. */
    private AmlTerm ports() {
        return Aml.device(
                "PORT",
                Aml.name("_HID", Aml.eisaId("PNP0C02")),
                Aml.name("_UID", Aml.integer(1)),
                Aml.name(
                        "_CRS",
                        Aml.resources(
                                AmlResource.ports(BoardMap.BOOT_STAMP, 1),
                                AmlResource.ports(board.power().ports(), board.power().portCount()))));
    }
}
