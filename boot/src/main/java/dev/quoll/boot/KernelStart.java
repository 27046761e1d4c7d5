package dev.quoll.boot;

import dev.quoll.boot.image.LoadRequest;
import dev.quoll.boot.image.LoadedKernel;
import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.devices.acpi.GenerationId;
import dev.quoll.devices.smbios.SmbiosTable;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;

/** Starts a kernel without firmware: what firmware would have left in memory, the kernel, and the state it is entered with. */
final class KernelStart {
    private final Machine machine;
    private final GenerationId generationId;
    private final KernelGuest guest;
    private final RamLayout ram;
    private final Variant variant;
    private final List<AcpiTables.Placed> tables;
    /** Empty but in the legacy variant. */
    private final byte[] mpTable;
    private final SmbiosTable smbios;

    KernelStart(PcBuilder plan, Machine machine, GenerationId generationId, KernelGuest guest, RamLayout ram) {
        this.machine = machine;
        this.generationId = generationId;
        this.guest = guest;
        this.ram = ram;
        variant = plan.chosenVariant();
        int cpus = machine.config().cpus();
        tables = new BoardAcpi(variant, cpus, ram, plan.chosenTransport(), plan.mmioWindows()).place();
        mpTable = variant == Variant.LEGACY
                ? BoardMp.table(machine.config().profile(), cpus).bytes(BoardMap.MP_TABLE)
                : new byte[0];
        smbios = BoardSmbios.table(machine.config(), plan.memory(), machine.clock().tscHz(), plan.systemUuid());
    }

    LoadedKernel load() throws IOException {
        for (AcpiTables.Placed table : tables) {
            machine.memory().write(table.address(), table.bytes());
        }
        if (mpTable.length > 0) {
            machine.memory().write(BoardMap.MP_TABLE, mpTable);
        }
        BoardSmbios.place(smbios, machine.memory());
        generationId.place();
        LoadRequest request = new LoadRequest(
                ram.map(), guest.commandLine(), guest.modules(), BoardMap.RSDP, guest.unpack(), new SecureRandom());
        LoadedKernel loaded = guest.image().load(machine.memory(), request);
        for (int cpu = 0; cpu < machine.config().cpus(); cpu++) {
            CpuEntry.memoryTypes(machine.partition().cpu(cpu));
        }
        CpuEntry.enter(machine.partition().cpu(0), loaded.entry());
        if (variant == Variant.LEGACY) {
            CpuEntry.virtualWire(machine.partition().cpu(0));
        }
        return loaded;
    }
}
