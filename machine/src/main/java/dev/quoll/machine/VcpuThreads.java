package dev.quoll.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The vCPU threads of one machine, and the gate each passes before it calls {@link VirtualCpu#run}. Platform threads:
 * an engine may hold one in the kernel for as long as the guest computes.
 */
final class VcpuThreads {
    /** What the machine does with an exit; called on the vCPU's thread. */
    interface Exits {
        void exited(VirtualCpu cpu, CpuExit exit);

        void threw(VirtualCpu cpu, Throwable cause);
    }

    private enum Gate {
        HOLD,
        OPEN,
        END
    }

    /** Interpreters recurse and translated code is large: more than a JVM's default stack. */
    private static final long STACK_BYTES = 16L << 20;
    /** After a halt with interrupts masked: bounds the work of an engine that tells it again and again. */
    private static final long HALTED_NAP_NANOS = 10_000_000L;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Partition partition;
    private final List<Thread> threads = new ArrayList<>();
    private final Exits exits;
    private Gate gate = Gate.HOLD;
    private int running;

    VcpuThreads(Partition partition, Exits exits) {
        this.partition = partition;
        this.exits = exits;
        for (int index = 0; index < partition.cpuCount(); index++) {
            int number = index;
            threads.add(Thread.ofPlatform()
                    .daemon()
                    .name("quoll-vcpu-" + index)
                    .stackSize(STACK_BYTES)
                    .unstarted(() -> loop(number)));
        }
    }

    /** Starts the threads; they wait at the gate. */
    void start() {
        threads.forEach(Thread::start);
    }

    private void loop(int index) {
        while (enter()) {
            // Another one after the machine has moved to another engine, which it does while the gate is shut.
            VirtualCpu cpu = partition.cpu(index);
            CpuExit exit = null;
            try {
                exit = cpu.run();
            } catch (Throwable e) {
                // Whatever a device or the engine threw ends this machine with a report, not the process.
                exits.threw(cpu, e);
            } finally {
                leave();
            }
            if (exit != null) {
                exits.exited(cpu, exit);
                if (exit instanceof CpuExit.HaltedForever) {
                    nap();
                }
            }
        }
    }

    private boolean enter() {
        lock.lock();
        try {
            while (gate == Gate.HOLD) {
                changed.awaitUninterruptibly();
            }
            if (gate == Gate.END) {
                return false;
            }
            running++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            running--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void nap() {
        lock.lock();
        try {
            if (gate == Gate.OPEN) {
                changed.awaitNanos(HALTED_NAP_NANOS);
            }
        } catch (InterruptedException _) {
            // Nobody interrupts these threads but a caller's executor shutting down; the gate alone decides.
        } finally {
            lock.unlock();
        }
    }

    /** Shuts the gate: a CPU that comes out of its {@code run} stays out. */
    void shut() {
        lock.lock();
        try {
            if (gate == Gate.OPEN) {
                gate = Gate.HOLD;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Asks every CPU to come out of its {@code run}. */
    void kick() {
        for (int index = 0; index < threads.size(); index++) {
            partition.cpu(index).kick();
        }
    }

    /** Shuts the gate and waits until no CPU is in its {@code run}; not on a vCPU thread. */
    void hold() {
        shut();
        kick();
        lock.lock();
        try {
            while (running > 0) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Opens the gate. */
    void release() {
        lock.lock();
        try {
            if (gate == Gate.HOLD) {
                gate = Gate.OPEN;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether the calling thread is one of these. */
    boolean isCurrent() {
        return threads.contains(Thread.currentThread());
    }

    /** Ends the threads and waits for them; not on a vCPU thread. */
    void end() {
        lock.lock();
        try {
            gate = Gate.END;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        kick();
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join(TimeUnit.SECONDS.toMillis(1));
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
