package dev.quoll.emulator;

import dev.quoll.machine.InstructionAssist;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.VirtualCpu;

/** The emulator's interpreter at the service of other engines. */
public final class EmulatedInstructions implements InstructionAssist {
    /** For {@link java.util.ServiceLoader}. */
    public EmulatedInstructions() {}

    @Override
    public CpuAssist attach(VirtualCpu cpu, PartitionConfig machine) {
        return new AssistCpu(cpu, machine);
    }
}
