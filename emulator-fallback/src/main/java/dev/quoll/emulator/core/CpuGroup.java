package dev.quoll.emulator.core;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The vCPUs of one partition, and the way in which one of them stops the others for a moment.
 *
 * <p>A vCPU runs between {@link #enter} and {@link #leave}. {@link #stopOthers} returns when nobody else does: the others
 * come out at their next block boundary, sleep, or wait here themselves. Until {@link #letOthersRun} the caller is alone
 * with RAM and with the TLBs and decoded code of all vCPUs. It is used where no cheaper way is exact: a page comes to hold
 * code, a store hits code of another vCPU, a locked access is split.
 *
 * <p>Rules. A vCPU's TLB is changed by its own thread, or by another one that is alone. Its decoded code too, and its own
 * thread then holds {@link #codeLock}, under which others look at what is covered by code. Nobody waits for anything but
 * the processor while he holds that lock.
 */
public final class CpuGroup {
    /** Looks at a variable before giving the processor away: the others come out within a block, some 100 ns. */
    private static final int SPINS = 200;

    private static final int YIELDS = 50;
    private static final long NAP_NANOS = 200_000;

    private final int size;
    private CpuLoop[] cpus = {};
    /** vCPUs between enter and leave. */
    private final AtomicInteger running = new AtomicInteger();
    /** The vCPU that is alone, or waits until it is; this group for a thread that is none. */
    private final AtomicReference<Object> owner = new AtomicReference<>();
    /** vCPUs that wait to be alone, in the midst of an instruction. */
    private final AtomicInteger midway = new AtomicInteger();
    /** The owner's thread while it waits. */
    private volatile Thread waitingOwner;

    /** Threads that wait for {@link #owner} to become null. */
    private final AtomicInteger waiters = new AtomicInteger();

    /** How often one vCPU has stopped the others. Written by whoever is alone. */
    private volatile long stops;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition freed = lock.newCondition();
    private final Object codeLock = new Object();

    /** @param size vCPUs that will be added */
    public CpuGroup(int size) {
        this.size = size;
    }

    /** Adds a vCPU; before any runs. */
    void add(CpuLoop cpu) {
        CpuLoop[] more = Arrays.copyOf(cpus, cpus.length + 1);
        more[cpus.length] = cpu;
        cpus = more;
    }

    /** Whether there is more than one vCPU. */
    boolean several() {
        return size > 1;
    }

    int size() {
        return size;
    }

    Object codeLock() {
        return codeLock;
    }

    // Running, and running alone.

    /** The calling thread's vCPU is about to run; waits while another one is alone. */
    void enter() {
        for (; ; ) {
            awaitFree();
            running.incrementAndGet();
            if (owner.get() == null) {
                return;
            }
            leave();
        }
    }

    /** It runs no more: it touches neither RAM nor anything of a vCPU until {@link #enter}. */
    void leave() {
        if (running.decrementAndGet() == 0) {
            Thread thread = waitingOwner;
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }

    /** Whether no other vCPU runs, because there is none or because this one has stopped them. */
    boolean alone(SoftMmu cpu) {
        return size == 1 || owner.get() == cpu;
    }

    /** Waits until no other vCPU runs. The caller runs, is not alone, and holds no lock. */
    void stopOthers(SoftMmu cpu) {
        // While it waits it counts as stopped, so that two that want this at once do not wait for each other.
        midway.incrementAndGet();
        leave();
        takeOver(cpu);
        midway.decrementAndGet();
        stops = stops + 1;
    }

    private void takeOver(Object cpu) {
        do {
            awaitFree();
        } while (!owner.compareAndSet(null, cpu));
        waitingOwner = Thread.currentThread();
        for (CpuLoop each : cpus) {
            if (each != cpu) {
                each.raise(Cpu.EVENT_STOP);
            }
        }
        for (int i = 0; running.get() != 0; i++) {
            pause(i);
        }
        waitingOwner = null;
    }

    /** What is done while no vCPU runs. */
    @FunctionalInterface
    public interface Work {
        /** @param midway whether some vCPU stands within an instruction, with addresses translated already */
        void run(boolean midway);
    }

    /** Does something while no vCPU runs; a thread that is no vCPU's, and holds no lock that one of them could want. */
    public void whileAllStand(Work work) {
        takeOver(this);
        try {
            work.run(midway.get() != 0);
        } finally {
            free();
        }
    }

    /** Figures for {@code --stats}. */
    public String statistics() {
        return "stops-of-all-cpus %d%n".formatted(stops);
    }

    /** Ends what {@link #stopOthers} began; the caller runs on. */
    void letOthersRun() {
        running.incrementAndGet();
        free();
    }

    private void free() {
        owner.set(null);
        if (waiters.get() != 0) {
            lock.lock();
            try {
                freed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void pause(int round) {
        if (round < SPINS) {
            Thread.onSpinWait();
        } else if (round < SPINS + YIELDS) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(this, NAP_NANOS);
        }
    }

    private void awaitFree() {
        for (int i = 0; owner.get() != null; i++) {
            if (i < SPINS + YIELDS) {
                pause(i);
                continue;
            }
            lock.lock();
            waiters.incrementAndGet();
            try {
                while (owner.get() != null) {
                    freed.awaitUninterruptibly();
                }
            } finally {
                waiters.decrementAndGet();
                lock.unlock();
            }
        }
    }

    // Code of all vCPUs.

    /** Whether a vCPU other than this one has code in these bytes of a page; under {@link #codeLock}. */
    boolean othersCover(SoftMmu cpu, int pageIndex, int from, int to) {
        for (CpuLoop each : cpus) {
            if (each != cpu && each.covers(pageIndex, from, to)) {
                return true;
            }
        }
        return false;
    }

    /** Drops the other vCPUs' code in these bytes of a page; alone. */
    void dropOthersCode(SoftMmu cpu, int pageIndex, int from, int to) {
        for (CpuLoop each : cpus) {
            if (each != cpu) {
                each.dropCode(pageIndex, from, to);
            }
        }
    }

    /** Tells the other vCPUs of bytes of the RAM mapping that have been written, where no vCPU need wait for them. */
    void tellOthers(SoftMmu cpu, long offset, long length) {
        for (CpuLoop each : cpus) {
            if (each != cpu) {
                each.codeWritten(offset, length);
            }
        }
    }

    /** No vCPU may store to a page any more without being seen; alone. */
    void protectCode(int pageIndex) {
        for (CpuLoop each : cpus) {
            each.protectCode(pageIndex);
        }
    }
}
