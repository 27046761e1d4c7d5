package dev.quoll.kvm;

import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import java.util.List;
import java.util.Optional;

/** The engine over {@code /dev/kvm}. */
public final class KvmEngine implements Engine {
    private final KvmOptions options;
    private volatile Probe verdict;

    /** For {@link java.util.ServiceLoader}: help from the Java CPU, split irqchip, written pages by bitmap. */
    public KvmEngine() {
        this(true);
    }

    /**
     * As asked for.
     *
     * @param assist whether instructions that KVM's emulator does not know are executed by {@link
     *     dev.quoll.machine.InstructionAssist}; otherwise they end the machine with a report
     */
    public KvmEngine(boolean assist) {
        this(new KvmOptions(assist, KvmOptions.Irqchip.SPLIT, KvmOptions.WriteLog.BITMAP));
    }

    private KvmEngine(KvmOptions options) {
        this.options = options;
    }

    /**
     * Options: {@code assist} with {@code on} or {@code off}; {@code irqchip} with {@code split} (I/O APIC, 8259 and 8254 are
     * the board's) or {@code full} (they are KVM's); {@code write-log} with {@code bitmap} or {@code ring}, for {@link
     * Partition#dirtyLog}.
     */
    @Override
    public Engine with(String option, String value) throws EngineException {
        KvmEngine changed = new KvmEngine(options.with(option, value));
        changed.verdict = verdict;
        return changed;
    }

    @Override
    public String name() {
        return "kvm";
    }

    @Override
    public Probe probe() {
        verdict = KvmProbe.run().verdict();
        return verdict;
    }

    /** What the last probe found to be slow. */
    @Override
    public List<String> notes() {
        return verdict instanceof Probe.Usable usable
                ? usable.obstacle().map(slow -> slow.reason() + ". " + slow.fix()).stream().toList()
                : List.of();
    }

    @Override
    public Partition create(PartitionConfig config) throws EngineException {
        if (options.writeLog() == KvmOptions.WriteLog.RING
                && (verdict == null ? probe() : verdict) instanceof Probe.Usable(_, _, Optional<Obstacle> obstacle)
                && obstacle.isPresent()) {
            // It interprets many instructions between two looks at the ring, more than the ring has to spare (docs/kvm.md).
            throw new EngineException("written pages cannot be noted by ring here, only by bitmap: "
                    + obstacle.get().reason() + ", and writes beyond a ring's end.");
        }
        return KvmPartition.create(config, options);
    }
}
