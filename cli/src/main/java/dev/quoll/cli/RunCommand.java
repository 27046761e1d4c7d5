package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.Variant;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.machine.CpuProfile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll run}: a machine with a kernel, at this terminal. */
@Command(
        name = "run",
        sortOptions = false,
        description = {
            "Runs a kernel in a virtual machine, with its serial console at this terminal.",
            "Without --kernel, the kernel is the one on the disks; without disks, a stock Debian kernel and a small system of",
            "busybox are fetched through apt once. \"quoll run debian\" makes a disk with Debian on it once, and starts that."
        },
        footer = {
            "",
            "At the terminal, Ctrl-A x leaves and Ctrl-A h shows the other keys.",
            "Exit statuses: docs/exit-status.md."
        })
final class RunCommand implements Callable<Integer> {
    private static final long DEBIAN_MEMORY = 2L << 30;

    /** Who unpacks a bzImage. */
    enum Unpack {
        AUTO,
        VMM,
        GUEST
    }

    /** Names on the command line. */
    private static final class FlavourNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.of(KernelFlavour.values()).map(flavour -> flavour.name().toLowerCase(Locale.ROOT)).iterator();
        }
    }

    private static final class ProfileNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.concat(
                            CpuProfile.all().stream().map(CpuProfile::name), CpuProfile.more().stream().map(more -> "+" + more))
                    .iterator();
        }
    }


    @Parameters(index = "0", arity = "0..1", paramLabel = "GUEST", description = "debian, or nothing to go by the options.")
    private String guest;

    @Option(names = "--kernel", paramLabel = "FILE", description = "Kernel: bzImage, vmlinux, PVH or multiboot ELF.")
    private Path kernel;

    @Option(
            names = "--kit",
            paramLabel = "FLAVOUR",
            completionCandidates = FlavourNames.class,
            description = "Stock kernel in place of --kernel or the disk's: ${COMPLETION-CANDIDATES} (without disks: cloud).")
    private KernelFlavour flavour;

    @Option(
            names = "--initrd",
            paramLabel = "FILE",
            description = "Initial ramdisk; more than one are laid end to end. A fetched kernel has one of its own.")
    private List<Path> initrds = List.of();

    @Option(
            names = "--append",
            paramLabel = "WORDS",
            defaultValue = "",
            description = "Words for the kernel's command line, behind \"" + PcBuilder.DEFAULT_COMMAND_LINE + "\".")
    private String append;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Guest memory; a plain number is MiB, or K, M, G (default: 512M; for debian: 2G).")
    private ByteSize memory;

    @Option(
            names = "--huge-pages",
            description = "Guest memory in huge pages of 2 MiB, which the host has to have set aside (vm.nr_hugepages).")
    private boolean hugePages;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1", description = "Virtual CPUs, 1 to 64 (default: ${DEFAULT-VALUE}).")
    private int cpus;

    @Option(
            names = "--cpu",
            paramLabel = "PROFILE",
            defaultValue = "v2",
            completionCandidates = ProfileNames.class,
            description = "CPU features: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). Those with a plus sign stand behind "
                    + "others, as in v3+la57.")
    private String profile;

    @Mixin
    private EngineOption engine;

    @Option(
            names = "--machine",
            paramLabel = "VARIANT",
            description = "Board: default, or legacy with the interrupt controller and timers of an old PC, which is taken by "
                    + "itself for kernel words such as acpi=off, noapic and nosmp.")
    private Variant variant;

    @Mixin
    private FirmwareOptions firmware;

    @Mixin
    private DeviceOptions devices;

    @Option(
            names = "--console",
            paramLabel = "WHERE",
            defaultValue = "stdio",
            converter = ConsoleTarget.Converter.class,
            description = "Serial console: stdio, none or file:PATH (default: ${DEFAULT-VALUE}).")
    private ConsoleTarget console;

    @Option(
            names = "--unpack",
            paramLabel = "WHO",
            defaultValue = "auto",
            description = "Who unpacks a compressed kernel: auto, vmm (fast) or guest (default: ${DEFAULT-VALUE}, which is vmm).")
    private Unpack unpack;

    @Option(names = "--no-reboot", description = "Ends when the guest resets, instead of starting it again.")
    private boolean noReboot;

    @Option(
            names = "--grace",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "SIGTERM presses the guest's power button, and this long after it stops the machine (default: "
                    + "${DEFAULT-VALUE}; 0 stops at once).")
    private int grace;

    @Option(
            names = "--debug-exit",
            description = "Adds a port at 0xf4: a guest that writes V to it ends the machine with status 2V+1.")
    private boolean debugExit;

    @Mixin
    private InstrumentOptions instruments;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        if (grace < 0) {
            throw new ParameterException(spec.commandLine(), "--grace takes seconds from 0 up, not %d.".formatted(grace));
        }
        PrintWriter err = spec.commandLine().getErr();
        if (guest != null) {
            prepareGuest(err);
        }
        PcBuilder plan = plan();
        if (firmware.chosen()) {
            requireNoKernel();
            firmware.into(plan, err);
        } else {
            new GuestFiles(err).into(plan, kernel, flavour, initrds, devices.images(), append);
        }
        return new GuestRun(plan, engine.choose(), err, instruments)
                .grace(Duration.ofSeconds(grace))
                .at(console);
    }

    /** Firmware finds its kernel itself. */
    private void requireNoKernel() {
        boolean kernelOptions = kernel != null || flavour != null || !initrds.isEmpty() || !append.isEmpty();
        if (kernelOptions || variant != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--firmware starts what is on the disks or the CD-ROM; %s."
                            .formatted(
                                    kernelOptions
                                            ? "--kernel, --kit, --initrd and --append are for machines without"
                                            : "its board is not one that --machine names"));
        }
    }

    private void prepareGuest(PrintWriter err) throws CommandFailure, InterruptedException {
        if (!guest.equals("debian")) {
            throw new ParameterException(spec.commandLine(), "There is no guest \"%s\"; there is debian.".formatted(guest));
        }
        devices.forGuest(ImageWork.of(new DebianImages(err)::personal));
        if (memory == null) {
            memory = new ByteSize(DEBIAN_MEMORY);
        }
    }

    private PcBuilder plan() {
        try {
            PcBuilder plan = new PcBuilder()
                    .memory(memory == null ? PcBuilder.DEFAULT_MEMORY : memory.bytes())
                    .hugePages(hugePages)
                    .cpus(cpus)
                    .profile(CpuProfile.named(profile))
                    .variant(chosenVariant())
                    .reboot(!noReboot)
                    .unpack(unpack != Unpack.GUEST)
                    .debugExit(debugExit)
                    .append(append);
            devices.into(plan);
            return plan;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage() + ".", e);
        }
    }

    private Variant chosenVariant() {
        if (variant != null) {
            return variant;
        }
        Optional<String> word = Variant.needsLegacy(append);
        word.ifPresent(found -> spec.commandLine()
                .getErr()
                .printf("quoll: \"%s\" leaves the default board without interrupts; taking --machine legacy.%n", found));
        return word.isPresent() ? Variant.LEGACY : Variant.DEFAULT;
    }
}
