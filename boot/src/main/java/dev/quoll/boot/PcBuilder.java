package dev.quoll.boot;

import dev.quoll.boot.image.BootModule;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.devices.ata.AhciController;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;
import dev.quoll.machine.MachineConfig;
import dev.quoll.machine.RamRegion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Says what a {@link Pc} is to be, then makes it. Every choice but the kernel has a default: the fastest engine that
 * works here, one CPU of profile v2, 512 MiB, the default variant, no console. A builder can make several machines. Not
 * for use by several threads at a time.
 */
public final class PcBuilder {
    /** Where the guest's messages are to go, and how it resets: what a serial-only PC needs to be told. */
    public static final String DEFAULT_COMMAND_LINE = "console=ttyS0 reboot=k";
    /** In bytes. */
    public static final long DEFAULT_MEMORY = 512L << 20;
    /** What interrupt tables, APIC ids and the engines' bookkeeping have room for with ease. */
    public static final int MAX_CPUS = 64;

    private Engine engine;
    private CpuProfile profile = CpuProfile.V2;
    private long memory = DEFAULT_MEMORY;
    private boolean hugePages;
    private int cpus = 1;
    private Variant variant = Variant.DEFAULT;
    private boolean reboot = true;
    private UUID uuid = UUID.randomUUID();
    private boolean debugExit;
    private boolean unpack = true;
    private SerialOutput console = SerialOutput.NONE;
    private SerialOutput debugConsole;
    private final List<VirtioBoard.Planned> virtioDevices = new ArrayList<>();
    private final List<SataDrive> sataDrives = new ArrayList<>();
    private Transport transport = Transport.PCI;
    private boolean packedRings;
    private Consumer<String> notices = _ -> {};
    private KernelImage kernel;
    private FirmwareImage firmware;
    private final List<BootModule> modules = new ArrayList<>();
    private String commandLine = DEFAULT_COMMAND_LINE;

    /** A plan with the defaults. */
    public PcBuilder() {}

    /** The engine, in place of the fastest that works here. */
    public PcBuilder engine(Engine chosen) {
        engine = Objects.requireNonNull(chosen);
        return this;
    }

    public PcBuilder profile(CpuProfile chosen) {
        profile = Objects.requireNonNull(chosen);
        return this;
    }

    /** @param bytes from 2 MiB to 512 GiB, a multiple of 4096 */
    public PcBuilder memory(long bytes) {
        RamLayout.of(bytes);
        memory = bytes;
        return this;
    }

    /** Whether guest memory is in huge pages, which the host has to have set aside; not by default. */
    public PcBuilder hugePages(boolean wanted) {
        hugePages = wanted;
        return this;
    }

    /** @param count 1 to {@link #MAX_CPUS} */
    public PcBuilder cpus(int count) {
        if (count < 1 || count > MAX_CPUS) {
            throw new IllegalArgumentException("a machine has 1 to %d CPUs, not %d".formatted(MAX_CPUS, count));
        }
        cpus = count;
        return this;
    }

    public PcBuilder variant(Variant chosen) {
        variant = Objects.requireNonNull(chosen);
        return this;
    }

    /** Whether a guest's reset starts it anew (the default) or ends the machine. */
    public PcBuilder reboot(boolean again) {
        reboot = again;
        return this;
    }

    /** The system's UUID, as SMBIOS tells it; without, a random one. */
    public PcBuilder uuid(UUID system) {
        uuid = Objects.requireNonNull(system);
        return this;
    }

    /** Whether there is a debug exit port at 0xf4, by which test guests end the machine with a status; not by default. */
    public PcBuilder debugExit(boolean present) {
        debugExit = present;
        return this;
    }

    /** Whether the monitor unpacks a bzImage (the default) or the guest does. */
    public PcBuilder unpack(boolean byMonitor) {
        unpack = byMonitor;
        return this;
    }

    /** Where the first serial port's output goes. */
    public PcBuilder console(SerialOutput output) {
        console = Objects.requireNonNull(output);
        return this;
    }

    /** Adds the debug console ports 0xe9 and 0x402, with their output going here. */
    public PcBuilder debugConsole(SerialOutput output) {
        debugConsole = Objects.requireNonNull(output);
        return this;
    }

    /**
     * Adds a virtio device, in the next free slot for its kind.
     *
     * @throws IllegalArgumentException with a sentence when there is none
     */
    public PcBuilder add(VirtioPlace place, VirtioSource source) {
        int slot = place.slots().stream()
                .filter(free -> virtioDevices.stream().noneMatch(planned -> planned.slot() == free))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("this board has no room for more " + place.plural()));
        virtioDevices.add(new VirtioBoard.Planned(slot, source));
        return this;
    }

    /**
     * Adds a drive to the board's AHCI controller, which is there for drives only.
     *
     * @throws IllegalArgumentException with a sentence when it has no port left
     */
    public PcBuilder add(SataDrive drive) {
        if (sataDrives.size() == AhciController.MOST_PORTS) {
            throw new IllegalArgumentException("this board has room for %d SATA drives".formatted(AhciController.MOST_PORTS));
        }
        sataDrives.add(Objects.requireNonNull(drive));
        return this;
    }

    /** How virtio devices are connected; by PCI if nothing is said. */
    public PcBuilder transport(Transport chosen) {
        transport = Objects.requireNonNull(chosen);
        return this;
    }

    /** Whether virtio devices offer packed rings, which drivers then prefer to split ones; not by default. */
    public PcBuilder packedRings(boolean offered) {
        packedRings = offered;
        return this;
    }

    /** Where devices' sentences for the user go, from any thread; nowhere by default. */
    public PcBuilder notices(Consumer<String> sink) {
        notices = Objects.requireNonNull(sink);
        return this;
    }

    public PcBuilder kernel(KernelImage image) {
        kernel = Objects.requireNonNull(image);
        return this;
    }

    /** Firmware to start in place of a kernel, on a board made for that; the legacy variant's interrupts and timers are on it. */
    public PcBuilder firmware(FirmwareImage image) {
        firmware = Objects.requireNonNull(image);
        variant = Variant.LEGACY;
        return this;
    }

    /** Adds an initial ramdisk, or a module of a multiboot kernel. */
    public PcBuilder module(BootModule module) {
        modules.add(Objects.requireNonNull(module));
        return this;
    }

    /** Adds words to the kernel's command line. */
    public PcBuilder append(String words) {
        commandLine = (commandLine + " " + words).strip();
        return this;
    }

    /** Sets the kernel's whole command line, without the default one. */
    public PcBuilder commandLine(String whole) {
        commandLine = Objects.requireNonNull(whole);
        return this;
    }

    /**
     * Makes the machine; it stands still until it is started. Images are loaded at the start.
     *
     * @throws DeviceUnavailableException when the host refuses what a device needs; one sentence for the user
     * @throws IOException when the host refuses the memory; one sentence for the user
     * @throws EngineException when the engine cannot do it; one sentence for the user
     * @throws IllegalStateException without a kernel or firmware, with both, with firmware and no PCI, or with more virtio devices than the transport has places for
     */
    public Pc build() throws IOException, EngineException {
        if ((kernel == null) == (firmware == null)) {
            throw new IllegalStateException("a machine needs a kernel or firmware");
        }
        if (mmioWindows() > BoardMap.VIRTIO_MMIO_COUNT) {
            throw new IllegalStateException("a board without PCI has at most %d virtio devices, not %d"
                    .formatted(BoardMap.VIRTIO_MMIO_COUNT, mmioWindows()));
        }
        if (transport != Transport.PCI && !sataDrives.isEmpty()) {
            throw new IllegalStateException("a board without PCI has no SATA drives");
        }
        if (firmware != null) {
            if (transport != Transport.PCI) {
                throw new IllegalStateException("a board with firmware has PCI");
            }
            return Pc.build(this, firmware);
        }
        return Pc.build(this, new KernelGuest(kernel, modules, wholeCommandLine(), unpack));
    }

    /** In the legacy variant the kernel may not read ACPI's tables. */
    private String wholeCommandLine() {
        String windows = variant == Variant.LEGACY ? VirtioBoard.commandLine(mmioWindows()) : "";
        return (commandLine + " " + windows).strip();
    }

    /** In the order of their slots. */
    List<VirtioBoard.Planned> virtioDevices() {
        return virtioDevices.stream()
                .sorted(Comparator.comparingInt(VirtioBoard.Planned::slot))
                .toList();
    }

    List<SataDrive> sataDrives() {
        return List.copyOf(sataDrives);
    }

    Transport chosenTransport() {
        return transport;
    }

    /** Virtio devices that are not on PCI. */
    int mmioWindows() {
        return transport == Transport.MMIO ? virtioDevices.size() : 0;
    }

    boolean offersPackedRings() {
        return packedRings;
    }

    Consumer<String> noticeSink() {
        return notices;
    }

    MachineConfig machineConfig(List<RamRegion> ram) {
        return new MachineConfig(ram, profile, cpus, reboot, hugePages);
    }

    Engine chosenEngine() throws EngineException {
        return engine == null ? Engines.fastest() : engine;
    }

    long memory() {
        return memory;
    }

    Variant chosenVariant() {
        return variant;
    }

    UUID systemUuid() {
        return uuid;
    }

    boolean hasDebugExit() {
        return debugExit;
    }

    SerialOutput consoleOutput() {
        return console;
    }

    Optional<SerialOutput> debugOutput() {
        return Optional.ofNullable(debugConsole);
    }
}
