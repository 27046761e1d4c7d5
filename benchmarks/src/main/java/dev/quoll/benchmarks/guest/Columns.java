package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Circumstances;
import dev.quoll.benchmarks.contest.Contest;
import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The ways to run the guest program, and which of them there are on this host. */
final class Columns {
    static final String NATIVE = "native";
    static final String TCG = "tcg";
    private static final String TCG_NEAR = "tcg-near";
    private static final String KVM = "kvm";
    /** Values of {@code quoll run --jit}. */
    private static final List<String> TIERS = List.of("host", "bytecode", "off");

    /** Every id, in the order of the table. */
    static final List<String> ALL = List.of(NATIVE, "host", "bytecode", "off", KVM, TCG, TCG_NEAR);

    /** QEMU's named models that come nearest to Quoll's profiles, with what is left to take away. */
    private static final Map<String, String> NEAREST =
            Map.of("v2", "EPYC,-avx,-avx2,-fma,-f16c,-sha-ni", "v3", "EPYC");

    private final GuestProgram program;
    private final List<String> arguments;
    private final Contest contest;
    private final String profile;
    private final String qemu;

    /**
     * @param arguments for the program
     * @param contest the program as a guest, with the same arguments
     * @param profile of Quoll's CPU
     * @param qemu QEMU's program
     */
    Columns(GuestProgram program, List<String> arguments, Contest contest, String profile, String qemu) {
        this.program = program;
        this.arguments = List.copyOf(arguments);
        this.contest = contest;
        this.profile = profile;
        this.qemu = qemu;
    }

    /** The chosen ones, those that cannot be had here with the reason. */
    List<Column> chosen(List<String> ids) throws BenchmarkException {
        String launcher = Contest.launcher();
        List<Column> columns = new ArrayList<>();
        for (String id : ALL) {
            if (ids.isEmpty() || ids.contains(id)) {
                columns.add(column(id, launcher));
            }
        }
        return columns;
    }

    private Column column(String id, String launcher) {
        return switch (id) {
            case NATIVE -> nativeRun();
            case KVM -> hardware(launcher);
            case TCG -> tcg(id, "max");
            case TCG_NEAR -> tcg(id, NEAREST.getOrDefault(profile.replaceFirst("\\+.*", ""), "EPYC"));
            default -> tier(id, launcher);
        };
    }

    private Column nativeRun() {
        List<String> command = new ArrayList<>(List.of(program.file().toString()));
        command.addAll(arguments);
        return Column.of(NATIVE, "native", new Contestant("the native program", command), Column.CpuTime.PROGRAM);
    }

    private Column tier(String jit, String launcher) {
        String title = "Quoll --jit " + jit;
        try {
            Engines.named("emulator").with("jit", jit);
        } catch (EngineException e) {
            return Column.absent(jit, title, sentence(e.getMessage()));
        }
        return quoll(jit, title, launcher, List.of("--engine", "emulator", "--jit", jit));
    }

    /** A KVM that interprets in the host's kernel would take hours. */
    private Column hardware(String launcher) {
        String title = "Quoll --engine kvm";
        Optional<Engine.Probe> probe = Engines.all().stream()
                .filter(candidate -> candidate.engine().name().equals(KVM))
                .map(Engines.Candidate::probe)
                .findFirst();
        if (probe.isEmpty()) {
            return Column.absent(KVM, title, "it is not installed");
        }
        return switch (probe.get()) {
            case Engine.Probe.Usable usable when usable.speed() == Engine.SpeedClass.HARDWARE ->
                quoll(KVM, title, launcher, List.of("--engine", KVM));
            case Engine.Probe.Usable usable -> Column.absent(KVM, title, sentence(usable.detail()));
            case Engine.Probe.Unusable unusable -> Column.absent(KVM, title, sentence(unusable.reason()));
        };
    }

    private Column quoll(String id, String title, String launcher, List<String> engine) {
        List<String> options = new ArrayList<>(engine);
        options.addAll(List.of("--cpu", profile));
        return Column.of(id, title, contest.quoll(title, launcher, options), Column.CpuTime.VCPU_THREADS);
    }

    private Column tcg(String id, String model) {
        if (Circumstances.versionOf(qemu).isEmpty()) {
            return Column.absent(
                    id, "QEMU TCG", "%s does not start (on Debian: apt-get install qemu-system-x86)".formatted(qemu));
        }
        Contestant contestant = contest.qemu(qemu, "q35", model);
        return Column.of(id, contestant.name(), contestant, Column.CpuTime.VCPU_THREADS);
    }

    /** Without the full stop, to stand within another sentence. */
    private static String sentence(String text) {
        return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    }
}
