package dev.quoll.boot;

import dev.quoll.devices.acpi.PmTimer;
import dev.quoll.devices.acpi.Pm1Registers;
import dev.quoll.devices.acpi.SleepRegisters;
import dev.quoll.devices.debug.BootStampPort;
import dev.quoll.devices.debug.DebugConsole;
import dev.quoll.devices.debug.DebugExitPort;
import dev.quoll.devices.debug.ResetControlPort;
import dev.quoll.devices.input.KeyboardController;
import dev.quoll.devices.interrupt.IoApic;
import dev.quoll.devices.pci.HostBridge;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.pci.PciConfigPorts;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.devices.time.CmosRtc;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Machine;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PowerSink;

/** The devices of a board, wired: buses, interrupt lines, power. */
record PcDevices(Uart16550 serial, KeyboardController keyboard, BootStampPort bootStamps, PciBus pci) {
    /** @throws EngineException when the engine keeps an interrupt controller to itself that the board has to wire */
    static PcDevices attach(Machine machine, PcBuilder plan) throws EngineException {
        Partition partition = machine.partition();
        if (partition.owns().contains(Partition.IrqchipPart.IO_APIC)) {
            throw new EngineException(
                    "the engine brings an I/O APIC of its own, to which this board cannot wire its devices.");
        }
        IoApic ioApic = machine.add(new IoApic(partition.msiSink()));
        machine.mmio().register(BoardMap.IO_APIC, IoApic.LENGTH, IoApic.WIDTHS, ioApic);
        partition.setEoiListener(ioApic);

        PowerSink power = machine.power();
        PortBus ports = machine.ports();
        Uart16550 serial = machine.add(new Uart16550(
                "com1", ioApic.pin(BoardMap.IRQ_COM1), plan.consoleOutput(), machine.clock(), machine.timers()));
        ports.register(BoardMap.COM1, Uart16550.PORTS, Uart16550.WIDTHS, serial);

        CmosRtc rtc = machine.add(new CmosRtc(ioApic.pin(BoardMap.IRQ_RTC), machine.clock(), machine.timers()));
        ports.register(BoardMap.RTC, CmosRtc.PORTS, CmosRtc.WIDTHS, rtc);

        KeyboardController keyboard = machine.add(new KeyboardController(ioApic.pin(BoardMap.IRQ_KEYBOARD), power));
        ports.register(BoardMap.KEYBOARD_DATA, 1, KeyboardController.WIDTHS, keyboard);
        ports.register(BoardMap.KEYBOARD_COMMAND, 1, KeyboardController.WIDTHS, keyboard.commandPort());

        SleepRegisters sleep = machine.add(new SleepRegisters(power));
        ports.register(BoardMap.SLEEP_CONTROL, SleepRegisters.PORTS, SleepRegisters.WIDTHS, sleep);
        PmTimer pmTimer = machine.add(new PmTimer(machine.clock()));
        ports.register(BoardMap.PM_TIMER, PmTimer.PORTS, PmTimer.WIDTHS, pmTimer);
        if (plan.chosenVariant() == Variant.LEGACY) {
            Pm1Registers pm1 = machine.add(
                    new Pm1Registers(ioApic.pin(BoardMap.IRQ_SCI), power, machine.clock(), machine.timers()));
            ports.register(BoardMap.PM1_EVENT, Pm1Registers.PORTS, Pm1Registers.WIDTHS, pm1);
        }

        BootStampPort stamps = machine.add(new BootStampPort(machine.clock()));
        ports.register(BoardMap.BOOT_STAMP, 1, BootStampPort.WIDTHS, stamps);
        plan.debugOutput().ifPresent(output -> {
            ports.register(
                    BoardMap.BOCHS_DEBUG, 1, DebugConsole.WIDTHS, machine.add(new DebugConsole("bochs-debug", output)));
            ports.register(
                    BoardMap.FIRMWARE_DEBUG,
                    1,
                    DebugConsole.WIDTHS,
                    machine.add(new DebugConsole("firmware-debug", output)));
        });
        if (plan.hasDebugExit()) {
            ports.register(
                    BoardMap.DEBUG_EXIT, DebugExitPort.PORTS, DebugExitPort.WIDTHS, machine.add(new DebugExitPort(power)));
        }
        return new PcDevices(serial, keyboard, stamps, pci(machine, power));
    }

    private static PciBus pci(Machine machine, PowerSink power) {
        PciBus pci = new PciBus();
        pci.attach(BoardMap.SLOT_HOST_BRIDGE, 0, machine.add(new HostBridge(HostBridge.GENERIC)));
        machine.mmio().register(BoardMap.ECAM, PciBus.ECAM_LENGTH, PciBus.ECAM_WIDTHS, pci);
        ResetControlPort resetControl = machine.add(new ResetControlPort(power));
        PciConfigPorts config = machine.add(new PciConfigPorts(pci, resetControl));
        machine.ports().register(BoardMap.PCI_CONFIG, PciConfigPorts.PORTS, PciConfigPorts.WIDTHS, config);
        return pci;
    }
}
