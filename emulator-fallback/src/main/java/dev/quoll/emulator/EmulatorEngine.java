package dev.quoll.emulator;

import dev.quoll.machine.CpuFeature;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.bindings.NativeException;
import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.translate.host.HostTranslator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The pure-Java engine: works wherever the JVM does. */
public final class EmulatorEngine implements Engine {
    /** What the opcode table lists but no op executes: never offered. */
    private static final Set<CpuFeature> MISSING = EnumSet.of(
            CpuFeature.GFNI,
            CpuFeature.MONITOR,
            CpuFeature.PKU,
            CpuFeature.SVM,
            CpuFeature.RDPRU,
            CpuFeature.SSE4A,
            CpuFeature.XSAVES,
            CpuFeature.MOVDIRI,
            CpuFeature.MOVDIR64B,
            CpuFeature.SERIALIZE,
            CpuFeature.VME);

    private final Jit jit;

    /** For {@link java.util.ServiceLoader}. */
    public EmulatorEngine() {
        this(Jit.byDefault());
    }

    private EmulatorEngine(Jit jit) {
        this.jit = jit;
    }

    /** Options: {@code jit} with {@code host}, {@code bytecode} or {@code off}. */
    @Override
    public Engine with(String option, String value) throws EngineException {
        if (!option.equals("jit")) {
            return Engine.super.with(option, value);
        }
        Jit chosen = Jit.named(value)
                .orElseThrow(() -> new EngineException("the emulator's jit is host, bytecode or off, not %s.".formatted(value)));
        if (chosen == Jit.HOST && HostTranslator.obstacle().isPresent()) {
            throw new EngineException(
                    "guest code cannot be translated here: %s.".formatted(HostTranslator.obstacle().get()));
        }
        return new EmulatorEngine(chosen);
    }

    @Override
    public List<String> notes() {
        return jit != Jit.HOST
                ? List.of()
                : HostTranslator.obstacle()
                        .map(why -> "guest code is translated for the JVM, not for the host: " + why)
                        .stream()
                        .toList();
    }

    @Override
    public String name() {
        return "emulator";
    }

    @Override
    public Probe probe() {
        return new Probe.Usable(
                SpeedClass.EMULATED,
                HostMemory.DIRECT
                        ? "x86-64 CPU in Java, "
                                + HostTranslator.obstacle()
                                        .map(why -> "hot code translated for the JVM: " + why)
                                        .orElse("hot code translated for the host")
                        : "x86-64 CPU in Java, without native memory access (slower)");
    }

    @Override
    public Partition create(PartitionConfig config) throws EngineException {
        Set<CpuFeature> absent = new TreeSet<>(config.profile().features());
        absent.retainAll(MISSING);
        if (!absent.isEmpty()) {
            throw new EngineException("the emulator cannot offer CPU profile %s: it lacks %s"
                    .formatted(config.profile().name(), absent));
        }
        try {
            return partition(config);
        } catch (NativeException e) {
            throw new EngineException("the host refuses memory for translated code: %s.".formatted(e.getMessage()));
        }
    }

    private Partition partition(PartitionConfig config) {
        return new EmulatorPartition(config, abilities(), jit == Jit.HOST && HostTranslator.obstacle().isPresent() ? Jit.BYTECODE : jit);
    }

    /** What this CPU can execute, whoever asks for it. */
    static Cpuid.Abilities abilities() {
        return new Cpuid.Abilities(
                EnumSet.complementOf(EnumSet.copyOf(MISSING)), Cpuid.Abilities.USUAL_PHYSICAL_ADDRESS_BITS);
    }
}
