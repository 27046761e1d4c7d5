package dev.quoll.cli;

import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.Variant;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;
import dev.quoll.machine.MachineListener;
import dev.quoll.machine.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code quoll run}: a machine with a kernel, at this terminal. */
@Command(
        name = "run",
        sortOptions = false,
        description = {
            "Runs a kernel in a virtual machine, with its serial console at this terminal.",
            "Without --kernel, a stock Debian kernel and a small system of busybox are fetched through apt once."
        },
        footer = {
            "",
            "At the terminal, Ctrl-A x leaves and Ctrl-A h shows the other keys.",
            "Exit statuses: docs/exit-status.md."
        })
final class RunCommand implements Callable<Integer> {
    private static final String AUTO = "auto";

    /** Who unpacks a bzImage. */
    enum Unpack {
        AUTO,
        VMM,
        GUEST
    }

    /** Names on the command line. */
    private static final class EngineNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.concat(Stream.of(AUTO), Engines.names().stream()).iterator();
        }
    }

    private static final class FlavourNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.of(KernelFlavour.values()).map(flavour -> flavour.name().toLowerCase(Locale.ROOT)).iterator();
        }
    }

    private static final class ProfileNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return CpuProfile.all().stream().map(CpuProfile::name).iterator();
        }
    }

    @Option(names = "--kernel", paramLabel = "FILE", description = "Kernel: bzImage, vmlinux, PVH or multiboot ELF.")
    private Path kernel;

    @Option(
            names = "--kit",
            paramLabel = "FLAVOUR",
            defaultValue = "cloud",
            completionCandidates = FlavourNames.class,
            description = "Stock kernel when there is no --kernel: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
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
            defaultValue = "512M",
            converter = ByteSize.Converter.class,
            description = "Guest memory; a plain number is MiB, or K, M, G (default: ${DEFAULT-VALUE}).")
    private ByteSize memory;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1", description = "Virtual CPUs (default: ${DEFAULT-VALUE}).")
    private int cpus;

    @Option(
            names = "--cpu",
            paramLabel = "PROFILE",
            defaultValue = "v2",
            completionCandidates = ProfileNames.class,
            description = "CPU features: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private String profile;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = AUTO,
            completionCandidates = EngineNames.class,
            description = "What runs guest code: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}, the fastest).")
    private String engine;

    @Option(
            names = "--machine",
            paramLabel = "VARIANT",
            defaultValue = "default",
            description = "Board: default, or legacy with the interrupt controller and timers of an old PC.")
    private Variant variant;

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
            names = "--debug-exit",
            description = "Adds a port at 0xf4: a guest that writes V to it ends the machine with status 2V+1.")
    private boolean debugExit;

    @Option(names = "--stats", description = "Prints figures of the machine at its end.")
    private boolean stats;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        PcBuilder plan = plan();
        new GuestFiles(spec.commandLine().getErr()).into(plan, kernel, flavour, initrds);
        Engine chosen = chooseEngine();
        plan.engine(chosen);
        try (ConsoleSession session = new ConsoleSession(console)) {
            plan.console(session.output());
            Integer status = run(plan, session, chosen);
            session.close();
            if (session.failure() != null) {
                throw new CommandFailure(
                        ExitStatus.HOST_IO,
                        "the console could not be written: %s.".formatted(HostErrors.reason(session.failure())),
                        session.failure());
            }
            return status;
        }
    }

    private PcBuilder plan() {
        if (!engine.equals(AUTO) && !Engines.names().contains(engine)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "There is no engine named '%s'; there are: %s."
                            .formatted(engine, String.join(", ", new EngineNames())));
        }
        try {
            return new PcBuilder()
                    .memory(memory.bytes())
                    .cpus(cpus)
                    .profile(CpuProfile.named(profile))
                    .variant(variant)
                    .reboot(!noReboot)
                    .unpack(unpack != Unpack.GUEST)
                    .debugExit(debugExit)
                    .append(append);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage() + ".", e);
        }
    }

    private Engine chooseEngine() throws CommandFailure {
        try {
            return engine.equals(AUTO) ? Engines.fastest() : Engines.named(engine);
        } catch (EngineException e) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, e.getMessage(), e);
        }
    }

    private Integer run(PcBuilder plan, ConsoleSession session, Engine chosen)
            throws CommandFailure, InterruptedException {
        try (Pc pc = build(plan)) {
            pc.machine().setListener(new MachineListener() {
                @Override
                public void panicked(String report) {
                    session.say("the guest reports a panic: " + report);
                }
            });
            if (session.interactive()) {
                session.say("engine %s, %d CPU%s, %s; Ctrl-A x leaves, Ctrl-A h helps"
                        .formatted(chosen.name(), cpus, cpus == 1 ? "" : "s", memory));
            }
            session.attach(pc);
            Outcome outcome;
            try {
                outcome = pc.run();
            } catch (IOException e) {
                throw new CommandFailure(ExitStatus.BAD_IMAGE, e.getMessage(), e);
            }
            String figures = stats ? pc.machine().statistics() : "";
            session.close();
            spec.commandLine().getErr().print(figures);
            spec.commandLine().getErr().flush();
            return statusOf(outcome);
        }
    }

    private static Pc build(PcBuilder plan) throws CommandFailure {
        try {
            return plan.build();
        } catch (EngineException e) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, e.getMessage(), e);
        } catch (IOException e) {
            throw new CommandFailure(ExitStatus.NO_MEMORY, e.getMessage(), e);
        }
    }

    /** The status for an end that is well; any other end is a failure with its sentence. */
    static int statusOf(Outcome outcome) throws CommandFailure {
        return switch (outcome) {
            case Outcome.PoweredOff _, Outcome.Stopped _ -> ExitStatus.OK.code();
            case Outcome.Exited(int status) -> status & 0xff;
            case Outcome.Reset(String cause) ->
                throw new CommandFailure(ExitStatus.GUEST_RESET, "the guest reset (%s).".formatted(cause));
            case Outcome.Halted(String detail) ->
                throw new CommandFailure(ExitStatus.GUEST_HALTED, "the guest has halted for good: %s.".formatted(detail));
            case Outcome.Crashed(String report) ->
                throw new CommandFailure(ExitStatus.GUEST_CRASHED, "the guest crashed: " + report);
            case Outcome.Failed(String report) ->
                throw new CommandFailure(ExitStatus.MACHINE_FAILED, "the machine could not go on: " + report);
        };
    }
}
