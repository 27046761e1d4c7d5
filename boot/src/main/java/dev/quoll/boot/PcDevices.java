package dev.quoll.boot;

import dev.quoll.devices.acpi.GenerationId;
import dev.quoll.devices.acpi.Pm1Registers;
import dev.quoll.devices.acpi.PmTimer;
import dev.quoll.devices.acpi.SleepRegisters;
import dev.quoll.devices.ata.AhciController;
import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.chipset.InterruptRouter;
import dev.quoll.devices.debug.BootStampPort;
import dev.quoll.devices.debug.DebugConsole;
import dev.quoll.devices.debug.DebugExitPort;
import dev.quoll.devices.debug.ResetControlPort;
import dev.quoll.devices.input.KeyboardController;
import dev.quoll.devices.interrupt.SharedLine;
import dev.quoll.devices.pci.HostBridge;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.pci.PciConfigPorts;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.devices.time.CmosRtc;
import dev.quoll.devices.time.Hpet;
import dev.quoll.devices.time.Pit8254;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.Machine;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PowerSink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Puts the devices of a board on a machine: buses, interrupt wires, power. */
final class PcDevices {
    private final Machine machine;
    private final PortBus ports;
    private final PowerSink power;
    private final IsaInterrupts interrupts;
    private final List<SharedLine> pciLines = new ArrayList<>();
    private final Uart16550 serial;
    private final KeyboardController keyboard;
    private final BootStampPort bootStamps;
    /** Null on a board with firmware, which has the BIOS area for itself. */
    private final GenerationId generationId;

    private final Runnable powerButton;
    private final PciBus pci = new PciBus();
    /** Null on a board without firmware. */
    private final Q35Chipset chipset;

    /**
     * @throws EngineException when the engine keeps an interrupt controller to itself that the board has to wire
     * @throws IOException when the host refuses what a device needs
     */
    PcDevices(Machine machine, PcBuilder plan, Optional<FirmwareMemory> firmwareMemory) throws EngineException, IOException {
        this.machine = machine;
        ports = machine.ports();
        power = machine.power();
        Variant variant = plan.chosenVariant();
        if (variant == Variant.LEGACY && machine.partition().owns().contains(Partition.IrqchipPart.PIT)) {
            throw new EngineException(
                    "the legacy board's HPET takes over the wire of its 8254, which an engine that brings its own does not let go.");
        }
        interrupts = IsaInterrupts.attach(machine, variant);
        List<InterruptLine> pins = new ArrayList<>(interrupts.pins());
        InterruptRouter router = new InterruptRouter(interrupts::picInput);
        for (int index = 0; index < BoardMap.GSI_PCI_COUNT; index++) {
            InterruptLine pin = pins.get(BoardMap.GSI_PCI + index);
            InterruptLine wire = router.wire(index);
            SharedLine shared = new SharedLine(firmwareMemory.isEmpty() ? pin : level -> {
                pin.setLevel(level);
                wire.setLevel(level);
            });
            pciLines.add(shared);
            pins.set(BoardMap.GSI_PCI + index, shared.driver());
        }
        InterruptLine rtcLine = variant == Variant.LEGACY ? timers(pins) : interrupts.line(BoardMap.IRQ_RTC);
        CmosRtc rtc = machine.add(new CmosRtc(rtcLine, machine.clock(), machine.timers()));
        ports.register(BoardMap.RTC, CmosRtc.PORTS, CmosRtc.WIDTHS, rtc);

        serial = machine.add(new Uart16550(
                "com1", interrupts.line(BoardMap.IRQ_COM1), plan.consoleOutput(), machine.clock(), machine.timers()));
        ports.register(BoardMap.COM1, Uart16550.PORTS, Uart16550.WIDTHS, serial);
        keyboard = machine.add(new KeyboardController(interrupts.line(BoardMap.IRQ_KEYBOARD), power));
        ports.register(BoardMap.KEYBOARD_DATA, 1, KeyboardController.WIDTHS, keyboard);
        ports.register(BoardMap.KEYBOARD_COMMAND, 1, KeyboardController.WIDTHS, keyboard.commandPort());
        bootStamps = machine.add(new BootStampPort(machine.clock()));
        ports.register(BoardMap.BOOT_STAMP, 1, BootStampPort.WIDTHS, bootStamps);
        PmTimer pmTimer = machine.add(new PmTimer(machine.clock()));
        if (firmwareMemory.isPresent()) {
            generationId = null;
            Pm1Registers pm1 = pm1(Q35Chipset.S5_TYPE);
            powerButton = pm1::pressPowerButton;
            chipset = new Q35Chipset(machine, firmwareMemory.get(), pci, pm1, pmTimer, router);
            chipset.fill(rtc);
        } else {
            ports.register(BoardMap.PM_TIMER, PmTimer.PORTS, PmTimer.WIDTHS, pmTimer);
            chipset = null;
            powerButton = acpi(variant);
            generationId = machine.add(new GenerationId(
                    machine.memory(), BoardMap.GENERATION_ID, pins.get(BoardMap.GSI_GENERATION_ID), UUID::randomUUID));
        }
        pci(plan);
        plan.debugOutput().ifPresent(this::debugConsoles);
        if (plan.hasDebugExit()) {
            ports.register(
                    BoardMap.DEBUG_EXIT, DebugExitPort.PORTS, DebugExitPort.WIDTHS, machine.add(new DebugExitPort(power)));
        }
    }

    /** The interval timers of the legacy variant. Gives the RTC's wire, which the HPET can take over. */
    private InterruptLine timers(List<InterruptLine> pins) {
        Hpet hpet = machine.add(new Hpet(
                pins,
                interrupts.line(BoardMap.IRQ_TIMER),
                interrupts.line(BoardMap.IRQ_RTC),
                machine.clock(),
                machine.timers()));
        machine.mmio().register(BoardMap.HPET, Hpet.LENGTH, Hpet.WIDTHS, hpet);
        Pit8254 pit = machine.add(new Pit8254(hpet.pitInput(), machine.clock(), machine.timers()));
        ports.register(BoardMap.PIT, Pit8254.PORTS, Pit8254.WIDTHS, pit);
        ports.register(BoardMap.SYSTEM_CONTROL, 1, AccessWidths.BYTE, pit.systemControl());
        return hpet.rtcInput();
    }

    /** The board's power registers. Gives what pressing the power button does. */
    private Runnable acpi(Variant variant) {
        SleepRegisters sleep = machine.add(new SleepRegisters(power));
        ports.register(BoardMap.SLEEP_CONTROL, SleepRegisters.PORTS, SleepRegisters.WIDTHS, sleep);
        if (variant == Variant.LEGACY) {
            Pm1Registers pm1 = pm1(SleepRegisters.S5_TYPE);
            ports.register(BoardMap.PM1_EVENT, Pm1Registers.PORTS, Pm1Registers.WIDTHS, pm1);
            return pm1::pressPowerButton;
        }
        return interrupts.line(BoardMap.GSI_POWER_BUTTON)::pulse;
    }

    private Pm1Registers pm1(int offType) {
        return machine.add(new Pm1Registers(
                interrupts.line(BoardMap.IRQ_SCI), offType, power, machine.clock(), machine.timers()));
    }

    private void pci(PcBuilder plan) throws IOException {
        ResetControlPort resetControl = machine.add(new ResetControlPort(power));
        PciConfigPorts config = machine.add(new PciConfigPorts(pci, resetControl));
        ports.register(BoardMap.PCI_CONFIG, PciConfigPorts.PORTS, PciConfigPorts.WIDTHS, config);
        VirtioBoard virtio = new VirtioBoard(machine, plan);
        if (plan.chosenTransport() == Transport.MMIO) {
            virtio.attach(gsi -> gsi < IsaInterrupts.COUNT
                    ? interrupts.line(gsi)
                    : pciLines.get(gsi - BoardMap.GSI_PCI).driver());
            return;
        }
        if (chipset == null) {
            pci.attach(BoardMap.SLOT_HOST_BRIDGE, 0, machine.add(new HostBridge(HostBridge.GENERIC)));
            machine.mmio().register(BoardMap.ECAM, PciBus.ECAM_LENGTH, PciBus.ECAM_WIDTHS, pci);
        }
        virtio.attach(pci, pciLines);
        if (!plan.sataDrives().isEmpty()) {
            sata(plan);
        }
    }

    private void sata(PcBuilder plan) throws DeviceUnavailableException {
        List<AhciController.Drive> drives = new ArrayList<>();
        for (SataDrive drive : plan.sataDrives()) {
            try {
                DiskImage image = drive.image().open();
                machine.closeWith(image);
                drives.add(new AhciController.Drive(image, drive.optical(), drive.serial()));
            } catch (IOException e) {
                throw new DeviceUnavailableException(e);
            }
        }
        int gsi = BoardMap.pciGsi(BoardMap.SLOT_SATA, 0);
        AhciController controller = machine.add(new AhciController(
                machine.memory(),
                machine.mmio(),
                pciLines.get(gsi - BoardMap.GSI_PCI).driver(),
                gsi,
                chipset == null ? BoardMap.SATA_REGISTERS : 0,
                plan.noticeSink(),
                drives));
        machine.closeWith(controller);
        pci.attach(BoardMap.SLOT_SATA, chipset == null ? 0 : Q35Map.FUNCTION_SATA, controller);
    }

    private void debugConsoles(SerialOutput output) {
        DebugConsole bochs = machine.add(new DebugConsole("bochs-debug", output));
        ports.register(BoardMap.BOCHS_DEBUG, 1, DebugConsole.WIDTHS, bochs);
        DebugConsole firmware = machine.add(new DebugConsole("firmware-debug", output));
        ports.register(BoardMap.FIRMWARE_DEBUG, 1, DebugConsole.WIDTHS, firmware);
    }

    Uart16550 serial() {
        return serial;
    }

    KeyboardController keyboard() {
        return keyboard;
    }

    /** Null on a board with firmware. */
    GenerationId generationId() {
        return generationId;
    }

    /** What firmware has around it; null on a board without firmware. */
    Q35Chipset chipset() {
        return chipset;
    }

    void pressPowerButton() {
        powerButton.run();
    }

    BootStampPort bootStamps() {
        return bootStamps;
    }
}
