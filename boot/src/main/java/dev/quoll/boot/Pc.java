package dev.quoll.boot;

import dev.quoll.boot.image.LoadedKernel;
import dev.quoll.devices.acpi.GenerationId;
import dev.quoll.devices.debug.BootStampPort;
import dev.quoll.devices.input.KeyboardController;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Machine;
import dev.quoll.machine.RamRegion;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A PC with a kernel or firmware in it, ready to start: a {@link Machine} on which the devices of {@code quoll-pc} sit.
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
    private final PcDevices devices;
    private volatile LoadedKernel loaded;

    private Pc(Machine machine, PcDevices devices) {
        this.machine = machine;
        this.devices = devices;
    }

    /** Puts a guest into a machine with devices, at the start and after each reset. */
    @FunctionalInterface
    private interface Loader {
        /** How its kernel was loaded; null when it is no kernel. */
        LoadedKernel load() throws IOException;
    }

    /** Makes what is behind the devices of a machine. */
    @FunctionalInterface
    private interface GuestMaker {
        Loader make(Machine machine, PcDevices devices) throws EngineException, IOException;
    }

    static Pc build(PcBuilder plan, KernelGuest guest) throws IOException, EngineException {
        RamLayout ram = RamLayout.of(plan.memory());
        return build(plan, ram.regions(), Optional.empty(), (machine, devices) -> {
            KernelStart start = new KernelStart(plan, machine, devices.generationId(), guest, ram);
            return start::load;
        });
    }

    static Pc build(PcBuilder plan, FirmwareImage image) throws IOException, EngineException {
        FirmwareMemory map = new FirmwareMemory(plan.memory(), image);
        return build(plan, map.regions(), Optional.of(map), (machine, devices) -> {
            FirmwareStart start = new FirmwareStart(plan, machine, devices.chipset(), image, map);
            return start::load;
        });
    }

    private static Pc build(PcBuilder plan, List<RamRegion> regions, Optional<FirmwareMemory> map, GuestMaker guest)
            throws IOException, EngineException {
        Machine machine = Machine.create(plan.machineConfig(regions), plan.chosenEngine());
        try {
            PcDevices devices = new PcDevices(machine, plan, map);
            Pc pc = new Pc(machine, devices);
            Loader loader = guest.make(machine, devices);
            machine.setLoader(_ -> pc.loaded = loader.load());
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

    /** The id that tells a guest when it has become another machine; empty on a board with firmware. */
    public Optional<GenerationId> generationId() {
        return Optional.ofNullable(devices.generationId());
    }

    /** What the guest has written to port 0x80, for measuring a boot. */
    public BootStampPort bootStamps() {
        return devices.bootStamps();
    }

    /** How the kernel was loaded; empty before the first start, and with firmware, which does that itself. */
    public Optional<LoadedKernel> loadedKernel() {
        return Optional.ofNullable(loaded);
    }

    @Override
    public void close() {
        machine.close();
    }
}
