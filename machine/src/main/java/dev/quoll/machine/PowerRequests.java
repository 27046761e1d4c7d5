package dev.quoll.machine;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What guests, devices and engines have asked of a machine and its control thread has not yet done. One slot for each
 * kind: a guest that asks a million times costs no memory.
 */
final class PowerRequests {
    /** What to do next. */
    sealed interface Request {
        record End(Outcome outcome) implements Request {}

        record Reset(String cause) implements Request {}

        record Panic(String report) implements Request {}

        record CheckHalt() implements Request {}

        record Close() implements Request {}
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition posted = lock.newCondition();
    private Request.End end;
    private Request.Reset reset;
    private Request.Panic panic;
    private Request.CheckHalt checkHalt;
    private boolean closed;

    /**
     * Adds a request. The first end and the first reset stay; a later panic replaces an earlier one.
     *
     * @param shutGate run for an end or a reset before anyone can take it: were the gate shut any later, that could come
     *     after the machine has run on from a completed reset, and hold it for ever
     * @return whether the gate was shut
     */
    boolean post(Request request, Runnable shutGate) {
        lock.lock();
        try {
            switch (request) {
                case Request.End asked -> end = end == null ? asked : end;
                case Request.Reset asked -> reset = reset == null ? asked : reset;
                case Request.Panic asked -> panic = asked;
                case Request.CheckHalt asked -> checkHalt = asked;
                case Request.Close _ -> closed = true;
            }
            boolean stop = request instanceof Request.End || request instanceof Request.Reset;
            if (stop) {
                shutGate.run();
            }
            posted.signalAll();
            return stop;
        } finally {
            lock.unlock();
        }
    }

    /** From now on {@link #take} gives nothing but the close. */
    void close() {
        post(new Request.Close(), () -> {});
    }

    /** Whether something is posted that the vCPUs must stand still for. */
    boolean stopping() {
        lock.lock();
        try {
            return end != null || reset != null;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets the reset that is being carried out: its repetitions are the same wish. */
    void clearReset() {
        lock.lock();
        try {
            reset = null;
            checkHalt = null;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a request and takes it. A reset stays posted until {@link #clearReset}; an end stays for good. */
    Request take() {
        lock.lock();
        try {
            while (true) {
                if (closed) {
                    return new Request.Close();
                }
                if (panic != null) {
                    Request.Panic taken = panic;
                    panic = null;
                    return taken;
                }
                if (end != null) {
                    return end;
                }
                if (reset != null) {
                    return reset;
                }
                if (checkHalt != null) {
                    Request.CheckHalt taken = checkHalt;
                    checkHalt = null;
                    return taken;
                }
                posted.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
