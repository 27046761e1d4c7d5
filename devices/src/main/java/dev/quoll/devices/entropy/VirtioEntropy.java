package dev.quoll.devices.entropy;

import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.QueueWorker;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.TimerQueue;
import java.util.random.RandomGenerator;

/**
 * The entropy device (section 5.4): fills what the driver gives it with random bytes.
 *
 * <p>Threat: what a guest gets tells it nothing of what other guests or the host get, as long as the source is a cryptographic one; and
 * nothing the guest writes reaches the source. How much it may draw in a second is bounded, so that it cannot keep a host CPU busy.
 */
public final class VirtioEntropy implements VirtioDevice<VirtioEntropy.State> {
    /** There is no state: what has been drawn is gone. */
    public record State() {}

    /** Bytes a guest may draw in a second by default: a thousand times what Linux's driver draws. */
    public static final int DEFAULT_RATE = 1 << 20;

    private static final int DEVICE_ID = 4;
    private static final int QUEUE_SIZE = 64;
    /** Most bytes for one request; the driver asks again for the rest. */
    private static final int MAX_REQUEST = 4096;

    private static final long SECOND = 1_000_000_000L;

    private final GuestMemory memory;
    private final RandomGenerator source;
    private final GuestClock clock;
    private final TimerQueue.Timer refill;
    private final int bytesPerSecond;
    private final byte[] bytes = new byte[MAX_REQUEST];
    /** Guest time in nanoseconds from which on bytes may be drawn again; up to a second of the past is credit. */
    private long paidUntil;
    private volatile QueueWorker worker;

    /**
     * @param source where the bytes come from; {@link java.security.SecureRandom} but in tests
     * @param bytesPerSecond of guest time, at least {@code 4096}
     */
    public VirtioEntropy(GuestMemory memory, RandomGenerator source, int bytesPerSecond, GuestClock clock, TimerQueue timers) {
        if (bytesPerSecond < MAX_REQUEST) {
            throw new IllegalArgumentException("an entropy device gives at least %d bytes a second".formatted(MAX_REQUEST));
        }
        this.memory = memory;
        this.source = source;
        this.bytesPerSecond = bytesPerSecond;
        this.clock = clock;
        refill = timers.timer(this::refilled);
    }

    @Override
    public String name() {
        return "rng0";
    }

    @Override
    public int deviceId() {
        return DEVICE_ID;
    }

    @Override
    public long features() {
        return 0;
    }

    @Override
    public int queues() {
        return 1;
    }

    @Override
    public int queueSize(int queue) {
        return QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return 0;
    }

    @Override
    public long readConfig(int offset, int width) {
        throw new IndexOutOfBoundsException(offset);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        throw new IndexOutOfBoundsException(offset);
    }

    @Override
    public void start(VirtioQueues queues) {
        paidUntil = clock.nanos() - SECOND;
        worker = new QueueWorker("quoll-rng0", memory, queues, this::fill, queues.queue(0));
    }

    private boolean fill(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        long now = clock.nanos();
        if (paidUntil > now) {
            refill.arm(paidUntil);
            return false;
        }
        int count = (int) Math.min(chain.writableLength(), MAX_REQUEST);
        paidUntil = Math.max(paidUntil, now - SECOND) + count * SECOND / bytesPerSecond;
        source.nextBytes(bytes);
        chain.write(bytes, 0, count);
        queue.complete(chain, count);
        return true;
    }

    private void refilled() {
        QueueWorker running = worker;
        if (running != null) {
            running.wake();
        }
    }

    @Override
    public void notified(int queue) {
        QueueWorker running = worker;
        if (running != null) {
            running.notified();
        }
    }

    @Override
    public void stop() {
        refill.cancel();
        if (worker != null) {
            worker.stop();
            worker = null;
        }
    }

    @Override
    public State save() {
        return new State();
    }

    @Override
    public void restore(State state) {
        // There is nothing to take over.
    }

    @Override
    public void quiesce() {
        if (worker != null) {
            worker.quiesce();
        }
    }
}
