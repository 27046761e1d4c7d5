package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that serves queues of one device: sleeps until a doorbell or the device's back-end wakes it, then takes chains until there
 * are none. A device makes its workers in {@link VirtioDevice#start} and ends them in {@link VirtioDevice#stop}.
 *
 * <p>Threat: a driver that breaks its queue's rules ends the work with {@link VirtioQueues#needsReset}; the thread then waits for the
 * stop. One that never stops making chains available keeps this thread busy, no other: queues of one worker get turns.
 */
public final class QueueWorker {
    /** What is done with a chain. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Handles one chain, and {@linkplain Virtqueue#complete completes} it; it may {@linkplain Virtqueue#signal signal}, else the
         * worker does when it has come to the end of what is there. May block on the host.
         *
         * @return false when the chain cannot be served now and was not completed: it goes back to its queue, which is looked at again
         *     after the next {@link #wake}
         */
        boolean handle(Virtqueue queue, DescriptorChain chain) throws VirtqueueException;
    }

    private static final int WOKEN = 1;
    private static final int HELD = 2;
    private static final int STOPPING = 4;
    /** Chains after which the driver is told even when more wait. */
    private static final int BATCH = 32;

    private final VirtioQueues queues;
    private final Virtqueue[] served;
    private final Handler handler;
    private final DescriptorChain chain;
    private final Thread thread;
    private final AtomicInteger flags = new AtomicInteger();
    private final Object rest = new Object();
    private volatile boolean resting;
    private boolean broken;

    /**
     * Starts the thread, a daemon.
     *
     * @param served the queues; those that the driver did not enable are null
     */
    public QueueWorker(String threadName, GuestMemory memory, VirtioQueues queues, Handler handler, Virtqueue... served) {
        this.queues = queues;
        this.handler = handler;
        this.served = served.clone();
        chain = new DescriptorChain(memory);
        thread = Thread.ofPlatform().daemon().name(threadName).start(this::run);
    }

    /** The driver rang: {@link VirtioDevice#notified}. Ends a {@link #quiesce}. Any thread; returns at once. */
    public void notified() {
        if (flags.getAndUpdate(now -> now & ~HELD | WOKEN) != WOKEN) {
            LockSupport.unpark(thread);
        }
    }

    /** The back-end has something for the driver, or room again. Any thread; returns at once. */
    public void wake() {
        if ((flags.getAndUpdate(now -> now | WOKEN) & WOKEN) == 0) {
            LockSupport.unpark(thread);
        }
    }

    /** Returns when no chain is in work; none is taken until {@link #notified}. */
    public void quiesce() {
        flags.getAndUpdate(now -> now | HELD);
        LockSupport.unpark(thread);
        boolean interrupted = false;
        synchronized (rest) {
            while (!resting && thread.isAlive()) {
                try {
                    rest.wait(100);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        restoreInterrupt(interrupted);
    }

    /** Ends the thread; returns when it is gone. A chain in work is finished first. */
    public void stop() {
        flags.getAndUpdate(now -> now | STOPPING);
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        restoreInterrupt(interrupted);
    }

    private static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (true) {
            // Before the flags are read: quiesce sets its flag and then looks here.
            resting = false;
            int now = flags.get();
            if ((now & STOPPING) != 0) {
                return;
            }
            if ((now & HELD) != 0) {
                synchronized (rest) {
                    resting = true;
                    rest.notifyAll();
                }
                LockSupport.park(this);
            } else if ((now & WOKEN) == 0 || broken) {
                LockSupport.park(this);
            } else {
                flags.getAndUpdate(old -> old & ~WOKEN);
                serve();
            }
        }
    }

    private void serve() {
        try {
            boolean more = false;
            for (Virtqueue queue : served) {
                if (queue != null) {
                    more |= serve(queue);
                }
            }
            if (more) {
                flags.getAndUpdate(now -> now | WOKEN);
            }
        } catch (VirtqueueException e) {
            broken = true;
            queues.needsReset(e.getMessage());
        } catch (RuntimeException e) {
            // A fault of the device model's own must end neither the process nor silently the guest's I/O.
            broken = true;
            queues.needsReset("thread %s failed: %s at %s".formatted(thread.getName(), e, e.getStackTrace()[0]));
        }
    }

    /** Serves what is in a queue, up to one queue's length. @return whether more is there */
    private boolean serve(Virtqueue queue) throws VirtqueueException {
        queue.disableNotifications();
        for (int done = 0; done < queue.size(); done++) {
            if ((flags.get() & (HELD | STOPPING)) != 0) {
                queue.signal();
                return true;
            }
            if (!queue.take(chain)) {
                queue.signal();
                return queue.enableNotifications();
            }
            if (!handler.handle(queue, chain)) {
                queue.undoTake(1);
                queue.signal();
                return false;
            }
            if (done % BATCH == BATCH - 1) {
                queue.signal();
            }
        }
        queue.signal();
        return true;
    }
}
