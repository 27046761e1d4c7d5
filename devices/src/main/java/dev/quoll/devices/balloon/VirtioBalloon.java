package dev.quoll.devices.balloon;

import dev.quoll.devices.virtio.ConfigBytes;
import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.QueueWorker;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.TimerQueue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;

/**
 * The memory balloon (section 5.5): the guest gives pages back, as many as {@link #target} says, and besides reports pages that are free
 * for the moment; the host has the memory until the guest touches it again. A guest short of memory takes pages back by itself.
 *
 * <p>Threat: a guest can give back any of its own pages, which then read as zeroes: its own affair. Addresses outside its RAM are left
 * out. It cannot be made to give anything back, and may touch again what it gave: the balloon is a request, the machine's memory size the
 * limit. Work for one chain is bounded; figures the guest tells are kept, never believed.
 */
public final class VirtioBalloon implements VirtioDevice<VirtioBalloon.State> {
    /** Guest-visible state, in pages of 4096 bytes. @param poison what free pages are filled with, when the driver says so */
    public record State(int target, int actual, int poison) {}

    private static final int DEVICE_ID = 5;
    private static final int STATISTICS = 1;
    private static final int DEFLATE_ON_OUT_OF_MEMORY = 2;
    private static final int PAGE_POISON = 4;
    private static final int REPORTING = 5;

    private static final int INFLATE_QUEUE = 0;
    private static final int DEFLATE_QUEUE = 1;
    private static final int QUEUES = 4;
    private static final int QUEUE_SIZE = 128;

    private static final int CONFIG_LENGTH = 16;
    private static final int ACTUAL = 4;
    private static final int POISON = 12;

    /** Pages of one chain that are looked at; Linux names 256. */
    private static final int MAX_PAGES = 1 << 16;
    /** Bytes of a statistic: a tag and a value, packed. */
    private static final int STATISTIC = 10;

    private static final int MAX_STATISTICS = 64;
    private static final long STATISTICS_INTERVAL = 10_000_000_000L;

    private final GuestMemory memory;
    private final GuestClock clock;
    private final TimerQueue.Timer statisticsTimer;
    private final byte[] numbers = new byte[4096];
    private final PageRun run;
    private volatile int target;
    private volatile int actual;
    private volatile int poison;
    private volatile boolean statisticsWanted;
    private volatile MemoryStatistics statistics = new MemoryStatistics(Map.of());
    private volatile VirtioQueues live;
    private volatile QueueWorker worker;
    private int statisticsQueue;
    private int reportingQueue;

    /** @param initialTarget as for {@link #target} */
    public VirtioBalloon(GuestMemory memory, long initialTarget, GuestClock clock, TimerQueue timers) {
        this.memory = memory;
        this.clock = clock;
        run = new PageRun(memory);
        statisticsTimer = timers.timer(this::askForStatistics);
        target = pages(initialTarget);
    }

    private int pages(long bytes) {
        if (bytes < 0 || bytes > memory.size()) {
            throw new IllegalArgumentException(
                    "a balloon holds from 0 to the guest's %d MiB, not %d MiB".formatted(memory.size() >> 20, bytes >> 20));
        }
        return (int) (bytes / PageRun.PAGE);
    }

    /**
     * Asks the guest to give back this much of its memory, or to take back all but this much. Any thread.
     *
     * @param bytes 0 to the guest's memory size, rounded down to pages
     * @throws IllegalArgumentException when it is out of range
     */
    public void target(long bytes) {
        target = pages(bytes);
        VirtioQueues queues = live;
        if (queues != null) {
            queues.configChanged();
        }
    }

    /** Bytes that the guest says it has given back. */
    public long actual() {
        return Integer.toUnsignedLong(actual) * PageRun.PAGE;
    }

    /** What the guest last said of its memory; empty before it has. It is asked every ten seconds. */
    public MemoryStatistics statistics() {
        return statistics;
    }

    /** Lines for the machine's figures. */
    public String lines() {
        return "balloon-bytes %d%nballoon-released-bytes %d%n".formatted(actual(), run.released()) + statistics.lines();
    }

    @Override
    public String name() {
        return "balloon0";
    }

    @Override
    public int deviceId() {
        return DEVICE_ID;
    }

    @Override
    public long features() {
        return 1L << STATISTICS | 1L << DEFLATE_ON_OUT_OF_MEMORY | 1L << PAGE_POISON | 1L << REPORTING;
    }

    @Override
    public int queues() {
        return QUEUES;
    }

    @Override
    public int queueSize(int queue) {
        return QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return CONFIG_LENGTH;
    }

    @Override
    public long readConfig(int offset, int width) {
        ByteBuffer bytes = ByteBuffer.allocate(CONFIG_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(target).putInt(actual).putInt(0).putInt(poison);
        return ConfigBytes.read(bytes.array(), offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        if (width == Integer.BYTES && offset == ACTUAL) {
            actual = (int) value;
        } else if (width == Integer.BYTES && offset == POISON) {
            poison = (int) value;
        }
    }

    @Override
    public void start(VirtioQueues queues) {
        live = queues;
        // Queues of features that were not negotiated do not exist, and the next take their numbers (section 5.5.2).
        int next = DEFLATE_QUEUE + 1;
        statisticsQueue = queues.has(STATISTICS) ? next++ : -1;
        reportingQueue = queues.has(REPORTING) ? next : -1;
        Virtqueue[] served = new Virtqueue[QUEUES];
        for (int i = 0; i < QUEUES; i++) {
            served[i] = queues.queue(i);
        }
        worker = new QueueWorker("quoll-balloon0", memory, queues, this::handle, served);
        statisticsTimer.arm(clock.nanos() + STATISTICS_INTERVAL);
    }

    private boolean handle(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        if (queue.index() == statisticsQueue) {
            return takeStatistics(queue, chain);
        }
        if (queue.index() == INFLATE_QUEUE) {
            inflate(chain);
        } else if (queue.index() == reportingQueue && poison == 0) {
            // Pages that must keep a pattern cannot be swapped for zeroes (section 5.5.6.7).
            report(chain);
        }
        queue.complete(chain, 0);
        return true;
    }

    private void inflate(DescriptorChain chain) {
        ByteBuffer buffer = ByteBuffer.wrap(numbers).order(ByteOrder.LITTLE_ENDIAN);
        int left = MAX_PAGES;
        for (int count = chain.read(numbers, 0, numbers.length); count >= Integer.BYTES && left > 0; ) {
            for (int at = 0; at + Integer.BYTES <= count; at += Integer.BYTES) {
                run.add(Integer.toUnsignedLong(buffer.getInt(at)) * PageRun.PAGE, PageRun.PAGE);
            }
            left -= count / Integer.BYTES;
            count = chain.read(numbers, 0, numbers.length);
        }
        run.release();
    }

    private void report(DescriptorChain chain) {
        for (int i = chain.readableBuffers(); i < chain.buffers(); i++) {
            long start = chain.address(i) + PageRun.PAGE - 1 & -PageRun.PAGE;
            long end = chain.address(i) + chain.length(i) & -PageRun.PAGE;
            if (start < end) {
                run.add(start, end - start);
            }
        }
        run.release();
    }

    /** The driver's chain stays here until figures are wanted; then it comes back with new ones. */
    private boolean takeStatistics(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        if (statisticsWanted) {
            statisticsWanted = false;
            queue.complete(chain, 0);
            return true;
        }
        Map<MemoryStatistics.Figure, Long> values = new EnumMap<>(MemoryStatistics.Figure.class);
        byte[] statistic = new byte[STATISTIC];
        for (int i = 0; i < MAX_STATISTICS && chain.read(statistic, 0, STATISTIC) == STATISTIC; i++) {
            ByteBuffer fields = ByteBuffer.wrap(statistic).order(ByteOrder.LITTLE_ENDIAN);
            MemoryStatistics.Figure figure = MemoryStatistics.Figure.of(Short.toUnsignedInt(fields.getShort(0)));
            if (figure != null) {
                values.put(figure, fields.getLong(2));
            }
        }
        statistics = new MemoryStatistics(values);
        return false;
    }

    private void askForStatistics() {
        statisticsWanted = true;
        QueueWorker running = worker;
        if (running != null) {
            running.wake();
            statisticsTimer.arm(clock.nanos() + STATISTICS_INTERVAL);
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
        QueueWorker running = worker;
        worker = null;
        statisticsTimer.cancel();
        if (running != null) {
            running.stop();
        }
        live = null;
        actual = 0;
        poison = 0;
        statisticsWanted = false;
    }

    @Override
    public State save() {
        return new State(target, actual, poison);
    }

    @Override
    public void restore(State state) {
        target = state.target();
        actual = state.actual();
        poison = state.poison();
    }

    @Override
    public void quiesce() {
        if (worker != null) {
            worker.quiesce();
        }
    }
}
