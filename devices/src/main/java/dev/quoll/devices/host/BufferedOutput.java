package dev.quoll.devices.host;

import dev.quoll.devices.serial.SerialOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Console output with a thread of its own: bytes go into a ring without a lock or a system call, and the thread carries
 * them to an {@link OutputStream} in large pieces, flushing within {@link #LATENCY_MILLIS}. When the host end stalls,
 * the ring fills and the device is told to wait; nothing is lost and no vCPU blocks. One device feeds one output.
 *
 * <p>Threat: the ring's size bounds what a guest that floods its console can make the host hold. A host stream that
 * fails ends the output: later bytes are counted and dropped, and {@link #failure} says why.
 */
public final class BufferedOutput implements SerialOutput, AutoCloseable {
    /** Longest time a byte waits in the ring while the host keeps up, in milliseconds. */
    public static final int LATENCY_MILLIS = 2;

    private static final int SIZE = 1 << 16;
    /** Empty rounds of {@link #LATENCY_MILLIS} before the thread sleeps until it is woken. */
    private static final int ROUNDS_BEFORE_SLEEP = 25;

    private final OutputStream stream;
    private final Thread thread;
    private final byte[] ring = new byte[SIZE];
    /** Bytes put in so far; written by the producer only. */
    private volatile long tail;
    /** Bytes taken out so far; written by the thread only. */
    private volatile long head;
    private volatile boolean asleep;
    private volatile boolean refused;
    private volatile boolean closing;
    private final LongAdder dropped = new LongAdder();
    private volatile IOException failure;
    private volatile Runnable ready = () -> {};

    /**
     * Starts the writer thread, a daemon.
     *
     * @param stream where bytes go; flushed after each piece, not closed
     */
    public BufferedOutput(OutputStream stream, String threadName) {
        this.stream = stream;
        thread = Thread.ofPlatform().daemon().name(threadName).start(this::carry);
    }

    @Override
    public boolean offer(int octet) {
        if (failure != null) {
            dropped.increment();
            return true;
        }
        long at = tail;
        if (at - head == SIZE) {
            refused = true;
            // The thread may have emptied the ring before it could see the flag; then nobody would call back.
            if (at - head == SIZE) {
                LockSupport.unpark(thread);
                return false;
            }
        }
        ring[(int) at & (SIZE - 1)] = (byte) octet;
        tail = at + 1;
        if (asleep || at + 1 - head == SIZE / 2) {
            LockSupport.unpark(thread);
        }
        return true;
    }

    @Override
    public void whenReady(Runnable callback) {
        ready = callback;
    }

    /** Why output ended early, or null. */
    public IOException failure() {
        return failure;
    }

    /** Bytes dropped after a failure. */
    public long dropped() {
        return dropped.sum();
    }

    private void carry() {
        int idleRounds = 0;
        while (true) {
            boolean last = closing;
            if (carryAll()) {
                idleRounds = 0;
            } else {
                idleRounds++;
            }
            if (refused) {
                refused = false;
                ready.run();
            }
            if (last && head == tail) {
                return;
            }
            if (idleRounds < ROUNDS_BEFORE_SLEEP) {
                LockSupport.parkNanos(this, LATENCY_MILLIS * 1_000_000L);
            } else {
                asleep = true;
                if (head == tail && !closing) {
                    LockSupport.park(this);
                }
                asleep = false;
                idleRounds = 0;
            }
        }
    }

    /** Writes what the ring holds; false when it held nothing. */
    private boolean carryAll() {
        long from = head;
        long to = tail;
        if (from == to) {
            return false;
        }
        try {
            while (from != to && failure == null) {
                int start = (int) from & (SIZE - 1);
                int count = (int) Math.min(to - from, SIZE - start);
                stream.write(ring, start, count);
                from += count;
                head = from;
            }
            if (failure == null) {
                stream.flush();
            }
        } catch (IOException e) {
            failure = e;
        }
        if (failure != null) {
            dropped.add(to - head);
            head = to;
        }
        return true;
    }

    /** Carries what was offered so far, then ends the thread. */
    @Override
    public void close() {
        closing = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            LockSupport.unpark(thread);
            try {
                thread.join(LATENCY_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
