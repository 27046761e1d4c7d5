package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * What the transports share: device status, feature negotiation, queue set-up, and the start and stop of the device (section 3.1). The
 * driver's registers come here from whatever layout a transport gives them. A step out of order has no effect.
 *
 * <p>Threads: register accesses come from any vCPU and are serialised here; what a device's threads call ({@link VirtioQueues}) takes
 * no lock, so that a stop may wait for them.
 *
 * <p>Threat: queue sizes and addresses are judged when the driver sets DRIVER_OK; a queue that does not lie in RAM stops the device
 * with DEVICE_NEEDS_RESET before it has read a byte.
 *
 * @param <S> the device's state
 */
final class VirtioTransport<S extends Record> {
    static final int ACKNOWLEDGE = 1;
    static final int DRIVER = 2;
    static final int DRIVER_OK = 4;
    static final int FEATURES_OK = 8;
    static final int NEEDS_RESET = 0x40;
    static final int FAILED = 0x80;

    private static final int DRIVERS_BITS = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;

    /** How a transport interrupts the driver; any thread. */
    interface Interrupts {
        /** Buffers were used. */
        void queueUsed(int queue);

        /** Configuration or status has changed. */
        void configurationChanged();
    }

    /** The three addresses of a queue, in the order of the PCI registers. */
    enum Area {
        DESCRIPTORS,
        DRIVER,
        DEVICE
    }

    /** A queue as the driver has set it up. @param position null while the device is not started or the queue not enabled */
    record QueueState(int size, boolean enabled, long descriptors, long driver, long device, RingPosition position) {}

    /**
     * All of it.
     *
     * @param status device status
     * @param featureSelect which 32 feature bits of the device the driver looks at
     * @param driverFeatureSelect which of its own it sets
     * @param driverFeatures feature bits accepted
     * @param queueSelect the queue that queue registers mean
     * @param generation of configuration space
     */
    record State(
            int status,
            int featureSelect,
            int driverFeatureSelect,
            long driverFeatures,
            int queueSelect,
            int generation,
            List<QueueState> queues) {
        State {
            queues = List.copyOf(queues);
        }
    }

    private static final class QueueRegisters {
        private int size;
        private boolean enabled;
        private final long[] areas = new long[Area.values().length];
    }

    private final VirtioDevice<S> device;
    private final GuestMemory memory;
    private final Interrupts interrupts;
    private final Consumer<String> notices;
    private final long offered;

    /** Guards the registers and orders start and stop. */
    private final Object lock = new Object();
    private final AtomicInteger status = new AtomicInteger();
    private final AtomicInteger generation = new AtomicInteger();
    private final QueueRegisters[] queues;
    private int featureSelect;
    private int driverFeatureSelect;
    private long driverFeatures;
    private int queueSelect;
    /** The device's life between start and stop; null outside it. */
    private volatile Session session;
    /** While set, no doorbell reaches the device. */
    private volatile boolean held;

    /**
     * @param reserved reserved feature bits to offer
     * @param notices takes a sentence when the driver breaks the rules
     */
    VirtioTransport(
            VirtioDevice<S> device, long reserved, GuestMemory memory, Interrupts interrupts, Consumer<String> notices) {
        this.device = device;
        this.memory = memory;
        this.interrupts = interrupts;
        this.notices = notices;
        offered = device.features() & ~VirtioFeature.RESERVED | reserved & VirtioFeature.RESERVED;
        queues = new QueueRegisters[device.queues()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new QueueRegisters();
        }
        clearRegisters();
    }

    private void clearRegisters() {
        featureSelect = 0;
        driverFeatureSelect = 0;
        driverFeatures = 0;
        queueSelect = 0;
        for (int i = 0; i < queues.length; i++) {
            queues[i].size = device.queueSize(i);
            queues[i].enabled = false;
            Arrays.fill(queues[i].areas, 0);
        }
    }

    int queueCount() {
        return queues.length;
    }

    // Features.

    int featureSelect() {
        synchronized (lock) {
            return featureSelect;
        }
    }

    void selectFeatures(int half) {
        synchronized (lock) {
            featureSelect = half;
        }
    }

    /** The 32 feature bits offered that were selected. */
    int deviceFeatures() {
        synchronized (lock) {
            return half(offered, featureSelect);
        }
    }

    int driverFeatureSelect() {
        synchronized (lock) {
            return driverFeatureSelect;
        }
    }

    void selectDriverFeatures(int half) {
        synchronized (lock) {
            driverFeatureSelect = half;
        }
    }

    int driverFeatures() {
        synchronized (lock) {
            return half(driverFeatures, driverFeatureSelect);
        }
    }

    void setDriverFeatures(int bits) {
        synchronized (lock) {
            if ((status.get() & FEATURES_OK) == 0 && (driverFeatureSelect & ~1) == 0) {
                int shift = 32 * driverFeatureSelect;
                driverFeatures = driverFeatures & ~(0xffff_ffffL << shift) | (bits & 0xffff_ffffL) << shift;
            }
        }
    }

    private static int half(long features, int select) {
        return (select & ~1) != 0 ? 0 : (int) (features >>> 32 * select);
    }

    // Status.

    int status() {
        return status.get();
    }

    /** The driver writes the status: 0 resets, other bits are only ever added (section 2.1.1). */
    void setStatus(int value) {
        if (value == 0) {
            reset();
            return;
        }
        synchronized (lock) {
            int now = status.get();
            int added = value & DRIVERS_BITS & ~now;
            if ((added & FEATURES_OK) != 0 && !featuresSound()) {
                added &= ~(FEATURES_OK | DRIVER_OK);
            }
            if ((added & DRIVER_OK) != 0 && ((now | added) & FEATURES_OK) == 0) {
                added &= ~DRIVER_OK;
            }
            int addedBits = added;
            status.updateAndGet(old -> old | addedBits);
            if ((added & DRIVER_OK) != 0) {
                start();
            }
        }
    }

    private boolean featuresSound() {
        return (driverFeatures & ~offered) == 0 && VirtioFeature.has(driverFeatures, VirtioFeature.VERSION_1);
    }

    /** Back to power-on values; on return the device touches neither queues nor memory. */
    void reset() {
        synchronized (lock) {
            stop();
            status.set(0);
            clearRegisters();
        }
    }

    private void start() {
        try {
            Session made = new Session(driverFeatures, null);
            session = made;
            device.start(made);
            ringAll(made);
        } catch (VirtqueueException e) {
            new Session(driverFeatures).needsReset(e.getMessage());
        }
    }

    private void stop() {
        device.stop();
        session = null;
    }

    private void ringAll(Session live) {
        for (int i = 0; i < live.rings.length && !held; i++) {
            if (live.rings[i] != null) {
                device.notified(i);
            }
        }
    }

    // Queues.

    int queueSelect() {
        synchronized (lock) {
            return queueSelect;
        }
    }

    void selectQueue(int index) {
        synchronized (lock) {
            queueSelect = index;
        }
    }

    private QueueRegisters selected() {
        return queueSelect >= 0 && queueSelect < queues.length ? queues[queueSelect] : null;
    }

    /** Largest size of the selected queue; 0 when there is no such queue. */
    int queueMaximum() {
        synchronized (lock) {
            return selected() == null ? 0 : device.queueSize(queueSelect);
        }
    }

    int queueSize() {
        synchronized (lock) {
            QueueRegisters queue = selected();
            return queue == null ? 0 : queue.size;
        }
    }

    void setQueueSize(int size) {
        synchronized (lock) {
            QueueRegisters queue = configurable();
            if (queue != null) {
                queue.size = size;
            }
        }
    }

    boolean queueEnabled() {
        synchronized (lock) {
            QueueRegisters queue = selected();
            return queue != null && queue.enabled;
        }
    }

    void setQueueEnabled(boolean enabled) {
        synchronized (lock) {
            QueueRegisters queue = selected();
            if (queue != null && (status.get() & DRIVER_OK) == 0) {
                queue.enabled = enabled;
            }
        }
    }

    /** @param upper whether bits 63:32 are meant */
    int queueAddress(Area area, boolean upper) {
        synchronized (lock) {
            QueueRegisters queue = selected();
            return queue == null ? 0 : (int) (queue.areas[area.ordinal()] >>> (upper ? 32 : 0));
        }
    }

    void setQueueAddress(Area area, boolean upper, int value) {
        synchronized (lock) {
            QueueRegisters queue = configurable();
            if (queue != null) {
                int shift = upper ? 32 : 0;
                long old = queue.areas[area.ordinal()];
                queue.areas[area.ordinal()] = old & ~(0xffff_ffffL << shift) | (value & 0xffff_ffffL) << shift;
            }
        }
    }

    private QueueRegisters configurable() {
        QueueRegisters queue = selected();
        return queue == null || queue.enabled || (status.get() & DRIVER_OK) != 0 ? null : queue;
    }

    /** The driver rings a queue's doorbell; takes no lock. */
    void doorbell(int index) {
        Session live = session;
        if (live != null
                && index >= 0
                && index < live.rings.length
                && live.rings[index] != null
                && (status.get() & NEEDS_RESET) == 0
                && !held) {
            device.notified(index);
        }
    }

    // Configuration space.

    /** Changes when configuration space did; 8 bits. */
    int generation() {
        return generation.get() & 0xff;
    }

    /** Bytes outside the device's configuration space read as 0. */
    long readConfig(int offset, int width) {
        int length = device.configLength();
        if (offset + width <= length) {
            return device.readConfig(offset, width);
        }
        long value = 0;
        for (int i = 0; i < width && offset + i < length; i++) {
            value |= (device.readConfig(offset + i, 1) & 0xff) << 8 * i;
        }
        return value;
    }

    void writeConfig(int offset, int width, long value) {
        if (offset + width <= device.configLength()) {
            device.writeConfig(offset, width, value);
        }
    }

    // Machine.

    /** Lets the device finish what it has begun and begin nothing more. */
    void hold() {
        synchronized (lock) {
            held = true;
            if (session != null) {
                device.quiesce();
            }
        }
    }

    /** Ends {@link #hold}: every queue is looked at anew. */
    void release() {
        synchronized (lock) {
            if (!held) {
                return;
            }
            held = false;
            if (session != null && (status.get() & NEEDS_RESET) == 0) {
                ringAll(session);
            }
        }
    }

    /** The state now; between {@link #hold} and {@link #release}. */
    State save() {
        synchronized (lock) {
            List<QueueState> saved = new ArrayList<>();
            for (int i = 0; i < queues.length; i++) {
                QueueRegisters queue = queues[i];
                Ring ring = session == null ? null : session.rings[i];
                saved.add(new QueueState(
                        queue.size,
                        queue.enabled,
                        queue.areas[0],
                        queue.areas[1],
                        queue.areas[2],
                        ring == null ? null : ring.position()));
            }
            return new State(
                    status.get(),
                    featureSelect,
                    driverFeatureSelect,
                    driverFeatures,
                    queueSelect,
                    generation.get(),
                    saved);
        }
    }

    /** Takes over a saved state and the device's; a started device is started, and works from {@link #release} on. */
    void restore(State state, S deviceState) {
        if (state.queues.size() != queues.length) {
            throw new IllegalArgumentException("saved state of %s has %d queues, not %d"
                    .formatted(device.name(), state.queues.size(), queues.length));
        }
        synchronized (lock) {
            stop();
            status.set(state.status);
            featureSelect = state.featureSelect;
            driverFeatureSelect = state.driverFeatureSelect;
            driverFeatures = state.driverFeatures;
            queueSelect = state.queueSelect;
            generation.set(state.generation);
            for (int i = 0; i < queues.length; i++) {
                QueueState saved = state.queues.get(i);
                queues[i].size = saved.size;
                queues[i].enabled = saved.enabled;
                queues[i].areas[0] = saved.descriptors;
                queues[i].areas[1] = saved.driver;
                queues[i].areas[2] = saved.device;
            }
            device.restore(deviceState);
            held = true;
            if ((state.status & DRIVER_OK) != 0) {
                try {
                    Session made = new Session(driverFeatures, state.queues);
                    session = made;
                    device.start(made);
                    device.quiesce();
                } catch (VirtqueueException e) {
                    new Session(driverFeatures).needsReset(e.getMessage());
                }
            }
        }
    }

    /** The device's view of its queues from one start to the next stop. */
    private final class Session implements VirtioQueues {
        private final long features;
        private final Ring[] rings;

        /** Without queues: only to say that there are none. */
        Session(long features) {
            this.features = features;
            rings = new Ring[0];
        }

        /** @param saved how far queues had come, or null to begin */
        Session(long features, List<QueueState> saved) throws VirtqueueException {
            this.features = features;
            rings = new Ring[queues.length];
            RingPosition start = VirtioFeature.has(features, VirtioFeature.PACKED_RING)
                    ? RingPosition.PACKED_START
                    : RingPosition.SPLIT_START;
            for (int i = 0; i < rings.length; i++) {
                if (queues[i].enabled) {
                    if (queues[i].size > device.queueSize(i)) {
                        throw new VirtqueueException("queue %d has %d entries, more than %d"
                                .formatted(i, queues[i].size, device.queueSize(i)));
                    }
                    long[] areas = queues[i].areas;
                    QueueAreas place = new QueueAreas(queues[i].size, areas[0], areas[1], areas[2]);
                    RingPosition position = saved == null ? null : saved.get(i).position();
                    rings[i] = Ring.of(
                            i, memory, place, features, position == null ? start : position, interrupts::queueUsed);
                }
            }
        }

        @Override
        public long features() {
            return features;
        }

        @Override
        public Virtqueue queue(int index) {
            return rings[index];
        }

        @Override
        public void configChanged() {
            generation.incrementAndGet();
            interrupts.configurationChanged();
        }

        @Override
        public void needsReset(String reason) {
            int old = status.getAndUpdate(now -> now | NEEDS_RESET);
            if ((old & NEEDS_RESET) == 0) {
                notices.accept("%s: the guest's driver broke the rules, the device waits for its reset: %s"
                        .formatted(device.name(), reason));
                if ((old & DRIVER_OK) != 0) {
                    interrupts.configurationChanged();
                }
            }
        }
    }
}
