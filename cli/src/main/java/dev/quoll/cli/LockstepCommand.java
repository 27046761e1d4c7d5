package dev.quoll.cli;

import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.cli.guests.OwnGuests;
import dev.quoll.cli.lockstep.KnownDifference;
import dev.quoll.cli.lockstep.Lockstep;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll lockstep}: one guest on two engines, compared instruction by instruction. */
@Command(
        name = "lockstep",
        sortOptions = false,
        description = {
            "Runs a guest on two engines, instruction by instruction, and compares the state of its CPU.",
            "Stops at the first difference, prints both states and the code, and leaves with a status of its own."
        },
        footer = {"", "Without a guest or a kernel it runs all guests of its own; --list names them."})
final class LockstepCommand implements Callable<Integer> {
    private static final long KERNEL_MEMORY = 128L << 20;

    @Parameters(paramLabel = "GUEST", arity = "0..*", description = "Guests of Quoll's own, by name.")
    private List<String> names = List.of();

    @Option(names = "--list", description = "Names the guests of Quoll's own.")
    private boolean list;

    @Option(names = "--kernel", paramLabel = "FILE", description = "A kernel instead: a bzImage, a vmlinux or a multiboot image.")
    private Path kernel;

    @Option(
            names = "--engines",
            paramLabel = "A,B",
            split = ",",
            defaultValue = "emulator,kvm",
            description = "The two engines; they may be the same (default: ${DEFAULT-VALUE}).")
    private List<String> engines;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Instructions after which it is enough (default: ${DEFAULT-VALUE}).")
    private long steps;

    @Option(
            names = "--every",
            paramLabel = "N",
            defaultValue = "1",
            description = "After how many instructions states are compared (default: ${DEFAULT-VALUE}).")
    private int every;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (list) {
            OwnGuests.all().forEach(guest -> out.printf("%-10s %s%n", guest.name(), guest.says()));
            out.flush();
            return ExitStatus.OK.code();
        }
        if (engines.size() != 2) {
            throw new ParameterException(spec.commandLine(), "--engines takes two names, as in emulator,kvm.");
        }
        if (steps < 1 || every < 1) {
            throw new ParameterException(spec.commandLine(), "--steps and --every are at least 1.");
        }
        if (kernel != null && !names.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Give a kernel or names of guests, not both.");
        }
        List<OwnGuest> guests = guests();
        Engine first = engine(engines.get(0));
        Engine second = engine(engines.get(1));
        boolean same = true;
        try {
            if (kernel != null) {
                same = compareKernel(first, second, out);
            }
            for (OwnGuest guest : guests) {
                same &= compare(guest, first, second, out);
            }
        } catch (EngineException e) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, e.getMessage(), e);
        } catch (IOException e) {
            throw new CommandFailure(ExitStatus.HOST_IO, HostErrors.reason(e), e);
        }
        return (same ? ExitStatus.OK : ExitStatus.ENGINES_DIFFER).code();
    }

    private List<OwnGuest> guests() {
        if (kernel != null) {
            return List.of();
        }
        if (names.isEmpty()) {
            return OwnGuests.all();
        }
        List<OwnGuest> guests = new ArrayList<>();
        for (String name : names) {
            guests.add(OwnGuests.named(name)
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(), "There is no guest named '%s'; --list names them.".formatted(name))));
        }
        return guests;
    }

    private Engine engine(String name) throws CommandFailure {
        if (!Engines.names().contains(name)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "There is no engine named '%s'; there are: %s.".formatted(name, String.join(", ", Engines.names())));
        }
        try {
            return Engines.named(name);
        } catch (EngineException e) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, e.getMessage(), e);
        }
    }

    private boolean compare(OwnGuest guest, Engine first, Engine second, PrintWriter out)
            throws IOException, EngineException {
        try (GuestMachine left = new GuestMachine(guest, first);
                GuestMachine right = new GuestMachine(guest, second)) {
            return compare(guest.name(), first, left.machine(), second, right.machine(), out);
        }
    }

    private boolean compareKernel(Engine first, Engine second, PrintWriter out)
            throws IOException, EngineException, CommandFailure, InterruptedException {
        try (Pc left = pc(first);
                Pc right = pc(second)) {
            return compare(kernel.getFileName().toString(), first, left.machine(), second, right.machine(), out);
        }
    }

    private boolean compare(String name, Engine first, Machine left, Engine second, Machine right, PrintWriter out)
            throws IOException {
        left.startPaused();
        right.startPaused();
        Lockstep lockstep =
                new Lockstep(side(first, left), side(second, right), every);
        return tell(name, lockstep, out);
    }

    private static Lockstep.Side side(Engine engine, Machine machine) {
        return new Lockstep.Side(engine.name(), machine, KnownDifference.of(engine));
    }

    private Pc pc(Engine engine) throws IOException, EngineException, CommandFailure, InterruptedException {
        // Where it lies must not depend on anybody's entropy.
        PcBuilder plan = new PcBuilder().engine(engine).memory(KERNEL_MEMORY).append("nokaslr");
        new GuestFiles(spec.commandLine().getErr()).into(plan, kernel, KernelFlavour.CLOUD, List.of());
        return plan.build();
    }

    private boolean tell(String name, Lockstep lockstep, PrintWriter out) {
        Lockstep.Result result = lockstep.run(steps);
        switch (result) {
            case Lockstep.Result.Same(long count, long aligned, var known, String end) -> {
                out.printf(
                        "%-10s equal after %d instructions (%s)%s%n",
                        name,
                        count,
                        end,
                        aligned == 0 ? "" : "; %d times the manuals leave the result open".formatted(aligned));
                known.forEach((one, times) -> out.printf(
                        "%-10s known of such a KVM, seen %d times: %s%n", "", times, one.says()));
            }
            case Lockstep.Result.Different different -> out.printf("%-10s %s%n", name, different.report());
        }
        out.flush();
        return result instanceof Lockstep.Result.Same;
    }
}
