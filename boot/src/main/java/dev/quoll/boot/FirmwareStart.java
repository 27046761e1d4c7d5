package dev.quoll.boot;

import dev.quoll.boot.image.LoadedKernel;
import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.devices.firmware.FirmwareConfig;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.smbios.SmbiosTable;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Starts firmware: its image is there, CPU 0 is at the reset vector as it comes out of reset, and the board answers its questions. */
final class FirmwareStart {
    private final Machine machine;
    private final Q35Chipset chipset;
    private final FirmwareImage image;
    private final FirmwareMemory map;

    /**
     * @throws EngineException when the engine cannot show ROM where RAM was
     * @throws IOException when the file with the firmware's variables cannot be written
     */
    FirmwareStart(PcBuilder plan, Machine machine, Q35Chipset chipset, FirmwareImage image, FirmwareMemory map)
            throws EngineException, IOException {
        if (!machine.partition().remapsMemory()) {
            throw new EngineException("the engine cannot change the memory map while the guest runs, as firmware needs it; "
                    + "take --engine emulator.");
        }
        this.machine = machine;
        this.chipset = chipset;
        this.image = image;
        this.map = map;
        if (image.variables().isPresent()) {
            chipset.flash(image.variables().get(), plan.noticeSink());
        }
        FirmwareConfig config = machine.add(new FirmwareConfig(machine.memory()));
        machine.ports().register(Q35Map.FIRMWARE_CONFIG, FirmwareConfig.PORTS, FirmwareConfig.WIDTHS, config);
        fill(config, plan);
    }

    private void fill(FirmwareConfig config, PcBuilder plan) {
        int cpus = machine.config().cpus();
        SmbiosTable smbios = BoardSmbios.table(machine.config(), plan.memory(), machine.clock().tscHz(), plan.systemUuid());
        ByteBuffer uuid = ByteBuffer.allocate(16)
                .putLong(plan.systemUuid().getMostSignificantBits())
                .putLong(plan.systemUuid().getLeastSignificantBits());
        config.item(FirmwareConfig.Item.SYSTEM_UUID, uuid.array())
                .item(FirmwareConfig.Item.RAM_SIZE, FirmwareConfig.littleEndian(8, plan.memory()))
                .item(FirmwareConfig.Item.NO_GRAPHICS, FirmwareConfig.littleEndian(2, 1))
                .item(FirmwareConfig.Item.CPU_COUNT, FirmwareConfig.littleEndian(2, cpus))
                .item(FirmwareConfig.Item.MOST_CPUS, FirmwareConfig.littleEndian(2, cpus))
                .item(FirmwareConfig.Item.BOOT_MENU, FirmwareConfig.littleEndian(2, 0))
                .item(FirmwareConfig.Item.TIMER_OVERRIDE, FirmwareConfig.littleEndian(1, 1));
        config.file("etc/e820", FirmwareTables.memoryMap(map))
                // The serial port is SeaBIOS's screen and keyboard.
                .file("etc/sercon-port", FirmwareConfig.littleEndian(2, BoardMap.COM1))
                .file("etc/system-states", systemStates());
        FirmwareTables.into(config, this::tables, smbios);
    }

    /** By sleep type: bit 7 for one that there is, and its number. S1 to S4 there are not. */
    private static byte[] systemStates() {
        byte[] states = new byte[6];
        int there = 0x80;
        states[0] = (byte) there;
        states[5] = (byte) (there | Q35Chipset.S5_TYPE);
        return states;
    }

    private AcpiTables tables() {
        int powerBase = chipset.powerBase() < 0 ? Q35Map.POWER_PORTS : chipset.powerBase();
        AcpiBoard board = AcpiBoard.withFirmware(map, chipset.configWindow(), PciBus.ECAM_LENGTH, powerBase);
        return new BoardAcpi(board, machine.config().cpus()).tables();
    }

    /** The image anew: a guest may have changed what it could write to of it. CPU 0 is where it belongs already. */
    LoadedKernel load() {
        machine.memory().program(map.codeAddress(), image.code(), 0, image.code().length);
        return null;
    }
}
