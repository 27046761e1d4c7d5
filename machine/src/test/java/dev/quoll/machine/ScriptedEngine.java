package dev.quoll.machine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** An engine whose CPUs run Java instead of guest code: what a CPU does in one {@code run} is a function of the test's. */
final class ScriptedEngine implements Engine {
    /** One {@code run()} of a CPU. */
    interface Program {
        CpuExit run(Cpu cpu) throws InterruptedException;
    }

    private final Program program;
    volatile PartitionConfig config;
    volatile ScriptedPartition partition;

    ScriptedEngine(Program program) {
        this.program = program;
    }

    /** Computes until it is kicked. */
    static CpuExit spin(Cpu cpu) {
        while (!cpu.takeKick()) {
            cpu.work.incrementAndGet();
            Thread.onSpinWait();
        }
        return CpuExit.Kicked.INSTANCE;
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public Probe probe() {
        return new Probe.Usable(SpeedClass.EMULATED, "a test's");
    }

    @Override
    public Partition create(PartitionConfig partitionConfig) {
        config = partitionConfig;
        partition = new ScriptedPartition(partitionConfig.cpus());
        return partition;
    }

    /** A CPU of the test's. */
    final class Cpu implements VirtualCpu {
        private final int index;
        private final Semaphore kicks = new Semaphore(0);
        final AtomicLong work = new AtomicLong();
        final AtomicBoolean inside = new AtomicBoolean();
        volatile int resets;
        volatile CpuElement.Activity activity = CpuElement.Activity.RUNNING;
        volatile long rflags = 0x202;

        Cpu(int index) {
            this.index = index;
        }

        boolean takeKick() {
            return kicks.tryAcquire();
        }

        boolean awaitKick(long millis) throws InterruptedException {
            return kicks.tryAcquire(millis, TimeUnit.MILLISECONDS);
        }

        PartitionConfig machine() {
            return config;
        }

        @Override
        public int index() {
            return index;
        }

        @Override
        public CpuExit run() {
            if (!inside.compareAndSet(false, true)) {
                throw new AssertionError("CPU " + index + " was run by two threads at a time");
            }
            try {
                return program.run(this);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            } finally {
                inside.set(false);
            }
        }

        @Override
        public void kick() {
            if (kicks.availablePermits() == 0) {
                kicks.release();
            }
        }

        @Override
        public void reset() {
            if (inside.get()) {
                throw new AssertionError("CPU " + index + " was reset while it ran");
            }
            resets++;
        }

        @Override
        public CpuElement read(CpuElement.Kind kind) {
            return switch (kind) {
                case RUN_STATE -> new CpuElement.RunState(activity);
                case GENERAL -> new CpuElement.General(Collections.nCopies(16, 0L), 0x1234, rflags);
                default -> throw new IllegalArgumentException(kind.toString());
            };
        }

        @Override
        public void write(CpuElement element) {
            throw new IllegalArgumentException(element.toString());
        }

        @Override
        public long instructions() {
            return work.get();
        }
    }

    /** The CPUs, and whether they were freed while one ran. */
    final class ScriptedPartition implements Partition {
        final List<Cpu> cpus = new ArrayList<>();
        volatile boolean closed;

        ScriptedPartition(int count) {
            for (int index = 0; index < count; index++) {
                cpus.add(new Cpu(index));
            }
        }

        @Override
        public Set<IrqchipPart> owns() {
            return Set.of(IrqchipPart.LOCAL_APIC);
        }

        @Override
        public int cpuCount() {
            return cpus.size();
        }

        @Override
        public VirtualCpu cpu(int index) {
            return cpus.get(index);
        }

        @Override
        public MsiSink msiSink() {
            return (_, _) -> {};
        }

        @Override
        public InterruptLine lint0() {
            return InterruptLine.NONE;
        }

        @Override
        public InterruptLine lint1() {
            return InterruptLine.NONE;
        }

        @Override
        public void setExternalInterruptSource(ExternalInterruptSource source) {}

        @Override
        public void setEoiListener(EoiListener listener) {}

        @Override
        public String statistics() {
            return "instructions " + cpus.stream().mapToLong(Cpu::instructions).sum() + "\n";
        }

        @Override
        public void close() {
            for (Cpu cpu : cpus) {
                if (cpu.inside.get()) {
                    throw new AssertionError("the partition was closed while CPU " + cpu.index + " ran");
                }
            }
            closed = true;
        }
    }
}
