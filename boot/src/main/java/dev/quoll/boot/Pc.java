package dev.quoll.boot;

import dev.quoll.boot.image.EntryState;
import dev.quoll.boot.image.LoadRequest;
import dev.quoll.boot.image.LoadedKernel;
import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.devices.acpi.GenerationId;
import dev.quoll.devices.debug.BootStampPort;
import dev.quoll.devices.input.KeyboardController;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.devices.smbios.SmbiosTable;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;

/**
 * A PC with a kernel in it, ready to start: a {@link Machine} on which the devices of {@code quoll-pc} sit.
 *
 * <pre>{@code
 * try (Pc pc = new PcBuilder().kernel(KernelImage.parse(path)).console(console).build()) {
 *     pc.machine().start();
 *     Outcome end = pc.machine().await();
 * }
 * }</pre>
 */
public final class Pc implements AutoCloseable {
    private final Machine machine;
    private final RamLayout ram;
    private final PcDevices devices;
    private final KernelGuest guest;
    private final Variant variant;
    private final List<AcpiTables.Placed> tables;
    /** Empty but in the legacy variant. */
    private final byte[] mpTable;
    private final SmbiosTable smbios;

    private volatile LoadedKernel loaded;

    private Pc(Machine machine, PcBuilder plan, KernelGuest guest, RamLayout ram)
            throws EngineException, IOException {
        this.machine = machine;
        this.guest = guest;
        this.ram = ram;
        variant = plan.chosenVariant();
        devices = new PcDevices(machine, plan);
        int cpus = machine.config().cpus();
        tables = new BoardAcpi(variant, cpus, ram, plan.chosenTransport(), plan.mmioWindows()).place();
        mpTable = variant == Variant.LEGACY
                ? BoardMp.table(machine.config().profile(), cpus).bytes(BoardMap.MP_TABLE)
                : new byte[0];
        smbios = BoardSmbios.table(machine.config(), plan.memory(), machine.clock().tscHz(), plan.systemUuid());
    }

    static Pc build(PcBuilder plan, KernelGuest guest) throws IOException, EngineException {
        RamLayout ram = RamLayout.of(plan.memory());
        Machine machine = Machine.create(plan.machineConfig(ram), plan.chosenEngine());
        try {
            Pc pc = new Pc(machine, plan, guest, ram);
            machine.setLoader(_ -> pc.load());
            return pc;
        } catch (EngineException | IOException | RuntimeException | Error e) {
            machine.close();
            throw e;
        }
    }

    /** The machine: start it, wait for its end. */
    public Machine machine() {
        return machine;
    }

    /** The first serial port, for input to the console. */
    public Uart16550 serial() {
        return devices.serial();
    }

    /** The keyboard, for Ctrl-Alt-Del. */
    public KeyboardController keyboard() {
        return devices.keyboard();
    }

    /** Presses the power button once, which asks the guest's system to shut down; it may not listen. Any thread. */
    public void pressPowerButton() {
        devices.pressPowerButton();
    }

    /** The id that tells a guest when it has become another machine. */
    public GenerationId generationId() {
        return devices.generationId();
    }

    /** What the guest has written to port 0x80, for measuring a boot. */
    public BootStampPort bootStamps() {
        return devices.bootStamps();
    }

    /** How the kernel was loaded; null before the first start. */
    public LoadedKernel loadedKernel() {
        return loaded;
    }

    private void load() throws IOException {
        for (AcpiTables.Placed table : tables) {
            machine.memory().write(table.address(), table.bytes());
        }
        if (mpTable.length > 0) {
            machine.memory().write(BoardMap.MP_TABLE, mpTable);
        }
        BoardSmbios.place(smbios, machine.memory());
        devices.generationId().place();
        LoadRequest request = new LoadRequest(
                ram.map(), guest.commandLine(), guest.modules(), BoardMap.RSDP, guest.unpack(), new SecureRandom());
        loaded = guest.image().load(machine.memory(), request);
        EntryState entry = loaded.entry();
        CpuEntry.enter(machine.partition().cpu(0), entry);
        if (variant == Variant.LEGACY) {
            CpuEntry.virtualWire(machine.partition().cpu(0));
        }
    }

    @Override
    public void close() {
        machine.close();
    }
}
