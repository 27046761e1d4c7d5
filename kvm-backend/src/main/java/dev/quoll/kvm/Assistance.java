package dev.quoll.kvm;

import dev.quoll.machine.InstructionAssist;
import dev.quoll.machine.InstructionAssist.CpuAssist;
import dev.quoll.machine.InstructionAssist.Outcome;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.VirtualCpu;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Has another engine execute the instructions of one vCPU that KVM's emulator does not know, and counts them. The other
 * engine's CPU is made when the first one comes up. The vCPU's thread; {@link #statistics} any thread.
 */
final class Assistance implements AutoCloseable {
    private final VirtualCpu cpu;
    private final PartitionConfig machine;
    private final Map<String, Long> counts = new ConcurrentSkipListMap<>();
    private CpuAssist assist;

    Assistance(VirtualCpu cpu, PartitionConfig machine) {
        this.cpu = cpu;
        this.machine = machine;
    }

    /** Executes the instruction at the vCPU's RIP. */
    Outcome step() {
        if (assist == null) {
            InstructionAssist provider =
                    ServiceLoader.load(InstructionAssist.class).findFirst().orElse(null);
            if (provider == null) {
                return new Outcome.Cannot("no engine is installed that executes single instructions.");
            }
            assist = provider.attach(cpu, machine);
        }
        Outcome outcome = assist.step();
        switch (outcome) {
            case Outcome.Done(String mnemonic) -> counts.merge(mnemonic, 1L, Long::sum);
            case Outcome.Fault fault -> counts.merge(fault.mnemonic(), 1L, Long::sum);
            case Outcome.Cannot _ -> {
                // It ends the machine with a report.
            }
        }
        return outcome;
    }

    /** {@code assists}, and a line for each mnemonic; nothing while there were none. */
    String statistics() {
        if (counts.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder("assists %d%n"
                .formatted(counts.values().stream().mapToLong(Long::longValue).sum()));
        counts.forEach((mnemonic, count) -> text.append("assists-%s %d%n".formatted(mnemonic, count)));
        return text.toString();
    }

    @Override
    public void close() {
        if (assist != null) {
            assist.close();
        }
    }
}
