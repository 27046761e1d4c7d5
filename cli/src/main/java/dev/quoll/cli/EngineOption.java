package dev.quoll.cli;

import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --engine}, for every command that runs a guest. */
final class EngineOption {
    private static final String AUTO = "auto";

    /** Names on the command line. */
    private static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.concat(Stream.of(AUTO), Engines.names().stream()).iterator();
        }
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private String name = AUTO;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = AUTO,
            completionCandidates = Names.class,
            description = "What runs guest code: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}, the fastest, and says "
                    + "which it took and why).")
    private void setName(String chosen) {
        if (!chosen.equals(AUTO) && !Engines.names().contains(chosen)) {
            throw new ParameterException(
                    command.commandLine(),
                    "There is no engine named '%s'; there are: %s.".formatted(chosen, String.join(", ", new Names())));
        }
        name = chosen;
    }

    @Option(
            names = "--jit",
            paramLabel = "HOW",
            description = "How the emulator runs hot guest code: host (as machine code of this host; the default where "
                    + "that is possible), bytecode (as methods of the JVM) or off (interpreted).")
    private String jit;

    /** {@code --kvm-assist}. */
    enum Assist {
        ON,
        OFF
    }

    @Option(
            names = "--kvm-assist",
            paramLabel = "on|off",
            defaultValue = "on",
            description = {
                "Whether the Java CPU executes the instructions that KVM itself cannot emulate",
                "(default: ${DEFAULT-VALUE}); --stats counts them."
            })
    private Assist assist;

    @Option(
            names = "--kvm-irqchip",
            paramLabel = "split|full",
            description = {
                "Whether KVM keeps I/O APIC, 8259 and 8254 too (full), or only the local APICs",
                "(split, the default)."
            })
    private String irqchip;

    /** The engine, probed. */
    Engine choose() throws CommandFailure {
        try {
            Engine engine = name.equals(AUTO) ? automatic() : Engines.named(name);
            if (engine instanceof KvmEngine && assist == Assist.OFF) {
                engine = engine.with("assist", "off");
            }
            if (irqchip != null) {
                engine = engine.with("irqchip", irqchip);
            }
            return jit == null ? engine : engine.with("jit", jit);
        } catch (EngineException e) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, e.getMessage(), e);
        }
    }

    /** The fastest, with one line on why; a software-only KVM comes after the emulator ({@link Engine.SpeedClass}). */
    private Engine automatic() throws EngineException {
        List<Engines.Candidate> candidates = Engines.all();
        Engine chosen = Engines.fastest(candidates);
        String others = candidates.stream()
                .filter(candidate -> candidate.engine() != chosen)
                .map(candidate -> candidate.engine().name() + ": " + reason(candidate.probe()))
                .collect(Collectors.joining("; "));
        command.commandLine()
                .getErr()
                .println("quoll: engine %s%s".formatted(chosen.name(), others.isEmpty() ? "" : " (" + others + ")"));
        return chosen;
    }

    private static String reason(Engine.Probe probe) {
        return switch (probe) {
            case Engine.Probe.Usable usable -> usable.detail();
            case Engine.Probe.Unusable unusable -> unusable.reason();
        };
    }
}
