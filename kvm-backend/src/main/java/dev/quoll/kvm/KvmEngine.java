package dev.quoll.kvm;

import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;

/** The engine over {@code /dev/kvm}. */
public final class KvmEngine implements Engine {
    private final boolean assist;

    /** For {@link java.util.ServiceLoader}: with help from the Java CPU. */
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
        this.assist = assist;
    }

    @Override
    public String name() {
        return "kvm";
    }

    @Override
    public Probe probe() {
        return KvmProbe.run().verdict();
    }

    @Override
    public Partition create(PartitionConfig config) throws EngineException {
        return KvmPartition.create(config, assist);
    }
}
