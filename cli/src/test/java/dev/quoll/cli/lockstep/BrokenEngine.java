package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.EoiListener;
import dev.quoll.machine.ExternalInterruptSource;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MsiSink;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.VirtualCpu;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** An engine that does as another one does, but for what a test makes of one step. */
record BrokenEngine(Engine sound, int step, Fault fault) implements Engine {
    /** What goes wrong, on a CPU that stands still behind the step. */
    interface Fault {
        void strike(VirtualCpu cpu, PartitionConfig machine);
    }

    /** Changes one element. */
    static Fault element(CpuElement.Kind kind, UnaryOperator<CpuElement> change) {
        return (cpu, _) -> cpu.write(change.apply(cpu.read(kind)));
    }

    @Override
    public String name() {
        return "broken";
    }

    @Override
    public Probe probe() {
        return sound.probe();
    }

    @Override
    public Partition create(PartitionConfig config) throws EngineException {
        return new BrokenPartition(sound.create(config), new int[] {step}, cpu -> fault.strike(cpu, config));
    }

    private record BrokenCpu(VirtualCpu sound, int[] left, Consumer<VirtualCpu> fault) implements VirtualCpu {
        @Override
        public CpuExit step() {
            CpuExit exit = sound.step();
            if (--left[0] == 0) {
                fault.accept(sound);
            }
            return exit;
        }

        @Override
        public int index() {
            return sound.index();
        }

        @Override
        public CpuExit run() {
            return sound.run();
        }

        @Override
        public void kick() {
            sound.kick();
        }

        @Override
        public void reset() {
            sound.reset();
        }

        @Override
        public CpuElement read(CpuElement.Kind kind) {
            return sound.read(kind);
        }

        @Override
        public void write(CpuElement element) {
            sound.write(element);
        }

        @Override
        public long instructions() {
            return sound.instructions();
        }
    }

    private record BrokenPartition(Partition sound, int[] left, Consumer<VirtualCpu> fault) implements Partition {
        @Override
        public VirtualCpu cpu(int index) {
            return new BrokenCpu(sound.cpu(index), left, fault);
        }

        @Override
        public Set<IrqchipPart> owns() {
            return sound.owns();
        }

        @Override
        public int cpuCount() {
            return sound.cpuCount();
        }

        @Override
        public MsiSink msiSink() {
            return sound.msiSink();
        }

        @Override
        public InterruptLine lint0() {
            return sound.lint0();
        }

        @Override
        public InterruptLine lint1() {
            return sound.lint1();
        }

        @Override
        public void setExternalInterruptSource(ExternalInterruptSource source) {
            sound.setExternalInterruptSource(source);
        }

        @Override
        public void setEoiListener(EoiListener listener) {
            sound.setEoiListener(listener);
        }

        @Override
        public String statistics() {
            return sound.statistics();
        }

        @Override
        public void close() {
            sound.close();
        }
    }
}
