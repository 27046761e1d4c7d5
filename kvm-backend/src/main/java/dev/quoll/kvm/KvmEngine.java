package dev.quoll.kvm;

import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;

/** The engine over {@code /dev/kvm}. */
public final class KvmEngine implements Engine {
    /** For {@link java.util.ServiceLoader}. */
    public KvmEngine() {}

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
        return KvmPartition.create(config);
    }
}
