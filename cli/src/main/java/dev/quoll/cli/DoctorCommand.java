package dev.quoll.cli;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.terminal.Terminal;
import dev.quoll.kvm.KvmProbe;
import dev.quoll.machine.Engine;
import dev.quoll.machine.Engines;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code quoll doctor}: what works on this host, what does not, and what to do about it. */
@Command(
        name = "doctor",
        description = "Says what works on this host, and what to do about what does not.",
        footer = {"", "Ends with 0 when at least one engine works."})
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure {
        PrintWriter out = spec.commandLine().getOut();
        for (String line : new VersionSource().getVersion()) {
            out.println(line);
        }
        Runtime runtime = Runtime.getRuntime();
        out.println("host: %d CPUs for this process, Java heap at most %d MiB (guest memory is apart from it)"
                .formatted(runtime.availableProcessors(), runtime.maxMemory() >> 20));
        out.println("native access: " + (NativeAccess.available() ? "yes" : "no; KVM and the raw terminal need it"));
        out.println("terminal: "
                + (NativeAccess.available() && Terminal.standardInput().isPresent()
                        ? "standard input is one; the console will be raw"
                        : "standard input is none; the console will be a pipe"));
        List<Engines.Candidate> candidates = Engines.all();
        boolean usable = false;
        for (Engines.Candidate candidate : candidates) {
            String name = candidate.engine().name();
            switch (candidate.probe()) {
                case Engine.Probe.Usable(_, String detail, Optional<Engine.Obstacle> obstacle) -> {
                    out.println("engine %s: works%s; %s".formatted(name, usable ? "" : ", and is what --engine auto takes", detail));
                    obstacle.ifPresent(slow -> out.println("  " + slow.fix()));
                    usable = true;
                }
                case Engine.Probe.Unusable(Engine.Obstacle obstacle) -> {
                    out.println("engine %s: does not work here: %s".formatted(name, obstacle.reason()));
                    out.println("  " + obstacle.fix());
                }
            }
        }
        tellKvm(out);
        if (!usable) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, "no engine works here.");
        }
        return ExitStatus.OK.code();
    }

    /** What the engine does without on this kernel. */
    private static void tellKvm(PrintWriter out) {
        KvmProbe.Findings kvm = KvmProbe.run();
        if (kvm.verdict() instanceof Engine.Probe.Usable) {
            kvm.missing().forEach(capability ->
                    out.println("  kvm is without KVM_CAP_%s: %s".formatted(capability, capability.use())));
        }
    }
}
