package dev.quoll.boot;

import dev.quoll.devices.acpi.Pm1Registers;
import dev.quoll.devices.acpi.PmTimer;
import dev.quoll.devices.chipset.InterruptRouter;
import dev.quoll.devices.chipset.LpcBridge;
import dev.quoll.devices.chipset.MemoryController;
import dev.quoll.devices.chipset.SmiControl;
import dev.quoll.devices.chipset.SystemControlA;
import dev.quoll.devices.firmware.FlashMemory;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.time.CmosRtc;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.util.function.Consumer;

/** The parts of a board that are there for firmware, in their places: memory controller, LPC bridge, flash memory. */
final class Q35Chipset {
    /** The sleep type that firmware powers off with. */
    static final int S5_TYPE = 0;

    private final Machine machine;
    private final FirmwareMemory map;
    private final MovablePorts powerPorts;
    private final PciBus pci;
    private final InterruptRouter router;
    private final MemoryController memoryController;
    /** Where the configuration window is registered; -1 when it is nowhere. */
    private long configWindow = -1;

    /**
     * Puts them on the machine.
     *
     * @param pm1 the fixed power registers
     * @param timer the power management timer
     * @param router takes what the LPC bridge says of PCI interrupts
     */
    Q35Chipset(
            Machine machine, FirmwareMemory map, PciBus pci, Pm1Registers pm1, PmTimer timer, InterruptRouter router) {
        this.router = router;
        this.machine = machine;
        this.map = map;
        this.pci = pci;
        map.attach(machine.memory(), machine.mmio());
        powerPorts = new MovablePorts(machine.ports())
                .part(0, Pm1Registers.PORTS, Pm1Registers.WIDTHS, pm1)
                .part(Q35Map.PM_TIMER, PmTimer.PORTS, PmTimer.WIDTHS, timer)
                .part(Q35Map.SMI_CONTROL, SmiControl.PORTS, SmiControl.WIDTHS, new SmiControl());
        memoryController = machine.add(new MemoryController(new Memory()));
        pci.attach(BoardMap.SLOT_HOST_BRIDGE, 0, memoryController);
        pci.attach(Q35Map.SLOT_LPC, Q35Map.FUNCTION_LPC, machine.add(new LpcBridge(new Ports())));
        machine.ports().register(
                Q35Map.SYSTEM_CONTROL_A, 1, SystemControlA.WIDTHS, machine.add(new SystemControlA(machine.power())));
    }

    /**
     * Adds the flash memory with the firmware's variables.
     *
     * @throws IOException when the file behind it cannot be written
     */
    void flash(FirmwareVariables variables, Consumer<String> notices) throws IOException {
        FirmwareVariables.Sink sink = variables.open(notices);
        machine.closeWith(sink);
        FlashMemory[] made = new FlashMemory[1];
        made[0] = new FlashMemory(
                "firmware-variables", variables.content().clone(), machine.memory(), map.variablesAddress(), new FlashMemory.Host() {
                    @Override
                    public void show(boolean array) {
                        map.showVariables(array);
                    }

                    @Override
                    public void changed(int offset, int length) {
                        sink.write(made[0].read(offset, length), offset);
                    }
                });
        machine.mmio().register(map.variablesAddress(), variables.length(), FlashMemory.WIDTHS, machine.add(made[0]));
    }

    /** What firmware looks for in the memory of the clock: how much RAM there is, what to boot from. */
    void fill(CmosRtc rtc) {
        long aboveOne = Math.min(map.lowEnd() - BoardMap.BIOS_END >> 10, 0xffff);
        long aboveSixteen = map.lowEnd() > 16 << 20 ? Math.min(map.lowEnd() - (16 << 20) >> 16, 0xffff) : 0;
        word(rtc, 0x15, BoardMap.LOW_RAM_END >> 10);
        word(rtc, 0x17, aboveOne);
        word(rtc, 0x30, aboveOne);
        word(rtc, 0x34, aboveSixteen);
        word(rtc, 0x5b, map.highSize() >> 16);
        rtc.setMemory(0x5d, (int) (map.highSize() >> 32));
        // CPUs beside the first; then the order in which to boot: disks, CD-ROMs (SeaBIOS, boot.c).
        rtc.setMemory(0x5f, machine.config().cpus() - 1);
        rtc.setMemory(0x3d, 0x32);
    }

    private static void word(CmosRtc rtc, int at, long value) {
        rtc.setMemory(at, (int) value & 0xff);
        rtc.setMemory(at + 1, (int) (value >> 8) & 0xff);
    }

    /** Where the enhanced configuration window is now; -1 when it is nowhere. */
    long configWindow() {
        return memoryController.configWindow();
    }

    /** First port of power management now; -1 when it is nowhere. */
    int powerBase() {
        return powerPorts.base();
    }

    private final class Memory implements MemoryController.Decoding {
        @Override
        public void configWindow(long address, long length) {
            synchronized (Q35Chipset.this) {
                if (configWindow != -1) {
                    machine.mmio().unregister(configWindow);
                    configWindow = -1;
                }
                if (address != -1) {
                    try {
                        machine.mmio().register(address, length, PciBus.ECAM_WIDTHS, pci);
                        configWindow = address;
                    } catch (IllegalArgumentException taken) {
                        // Another device's registers are there, and keep the place, as with BARs.
                        configWindow = -1;
                    }
                }
            }
        }

        @Override
        public void shadow(byte[] attributes) {
            map.shadow(attributes);
        }
    }

    private final class Ports implements LpcBridge.Decoding {
        @Override
        public void powerPorts(int base) {
            powerPorts.move(base);
        }

        @Override
        public void route(int wire, int irq) {
            router.route(wire, irq);
        }
    }
}
