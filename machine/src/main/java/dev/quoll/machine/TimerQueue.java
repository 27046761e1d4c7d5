package dev.quoll.machine;

import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Calls back at points of guest time, from one thread of its own. Callbacks are short (set a line, signal an MSI, kick
 * a CPU), may re-arm any timer, and run with no lock of this class held. Arming allocates nothing.
 */
public final class TimerQueue implements AutoCloseable {
    /** Longest sleep in one go: bounds what a missed wake-up or a clock jump can cost. */
    private static final long LONGEST_PARK_NANOS = 100_000_000L;

    private final GuestClock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final Thread thread;
    private final Consumer<Throwable> failed;
    /** Binary heap by deadline. */
    private Timer[] heap = new Timer[16];
    private int size;
    private boolean paused;
    /** Whether the thread is in a callback, or about to be. */
    private boolean callingBack;
    private volatile boolean closed;

    /** Starts the queue's thread, a daemon. What a callback throws goes to that thread's uncaught-exception handler. */
    public TimerQueue(GuestClock clock, String threadName) {
        this(clock, threadName, failure -> {
            Thread current = Thread.currentThread();
            current.getUncaughtExceptionHandler().uncaughtException(current, failure);
        });
    }

    /**
     * As {@link #TimerQueue(GuestClock, String)}.
     *
     * @param failed gets what a callback throws, on the queue's thread; the other timers go on
     */
    TimerQueue(GuestClock clock, String threadName, Consumer<Throwable> failed) {
        this.clock = clock;
        this.failed = failed;
        thread = Thread.ofPlatform().daemon().name(threadName).unstarted(this::loop);
        thread.start();
    }

    /** A timer, not armed. */
    public Timer timer(Runnable callback) {
        return new Timer(callback);
    }

    /** One timer of the queue. Methods may be called from any thread, the callback included. */
    public final class Timer {
        private final Runnable callback;
        private long deadline;
        private int slot = -1;

        private Timer(Runnable callback) {
            this.callback = callback;
        }

        /** Fires once when guest time reaches {@code deadlineNanos}, at once when it has; replaces an earlier arming. */
        public void arm(long deadlineNanos) {
            boolean wake;
            lock.lock();
            try {
                if (slot >= 0) {
                    removeAt(slot);
                }
                deadline = deadlineNanos;
                insert(this);
                wake = slot == 0;
            } finally {
                lock.unlock();
            }
            if (wake) {
                LockSupport.unpark(thread);
            }
        }

        /** Takes back the arming. A callback that has already begun runs to its end. */
        public void cancel() {
            lock.lock();
            try {
                if (slot >= 0) {
                    removeAt(slot);
                }
            } finally {
                lock.unlock();
            }
        }

        /** Whether the timer waits to fire. */
        public boolean armed() {
            lock.lock();
            try {
                return slot >= 0;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Holds callbacks back from now on; waits for one that has begun, unless called from it. */
    public void pause() {
        lock.lock();
        try {
            paused = true;
            while (callingBack && Thread.currentThread() != thread) {
                returned.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets callbacks run again. */
    public void resume() {
        lock.lock();
        try {
            paused = false;
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(thread);
    }

    private void loop() {
        while (!closed) {
            Timer due = null;
            long wait = LONGEST_PARK_NANOS;
            lock.lock();
            try {
                if (!paused && size > 0) {
                    long left = heap[0].deadline - clock.nanos();
                    if (left <= 0) {
                        due = heap[0];
                        removeAt(0);
                        callingBack = true;
                    } else {
                        wait = Math.min(wait, left);
                    }
                }
            } finally {
                lock.unlock();
            }
            if (due != null) {
                call(due);
            } else {
                LockSupport.parkNanos(this, wait);
            }
        }
    }

    private void call(Timer due) {
        try {
            due.callback.run();
        } catch (RuntimeException | Error e) {
            failed.accept(e);
        } finally {
            lock.lock();
            try {
                callingBack = false;
                returned.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void insert(Timer timer) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        place(timer, size++);
        siftUp(timer.slot);
    }

    private void removeAt(int index) {
        Timer removed = heap[index];
        Timer last = heap[--size];
        heap[size] = null;
        removed.slot = -1;
        if (last != removed) {
            place(last, index);
            siftDown(index);
            siftUp(last.slot);
        }
    }

    private void place(Timer timer, int index) {
        heap[index] = timer;
        timer.slot = index;
    }

    private void siftUp(int start) {
        int index = start;
        while (index > 0) {
            int parent = (index - 1) >>> 1;
            if (heap[parent].deadline <= heap[index].deadline) {
                return;
            }
            swap(index, parent);
            index = parent;
        }
    }

    private void siftDown(int start) {
        int index = start;
        for (int child = 2 * index + 1; child < size; child = 2 * index + 1) {
            if (child + 1 < size && heap[child + 1].deadline < heap[child].deadline) {
                child++;
            }
            if (heap[index].deadline <= heap[child].deadline) {
                return;
            }
            swap(index, child);
            index = child;
        }
    }

    private void swap(int a, int b) {
        Timer first = heap[a];
        place(heap[b], a);
        place(first, b);
    }

    /** Ends the thread; waits for a running callback unless called from one. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        if (Thread.currentThread() != thread) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
