package dev.quoll.benchmarks.cost;

import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioMmioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.VirtioWiring;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;

/**
 * A driver's side of one split virtqueue (virtio 1.3, 2.7), as slim as it can be, for a device that does nothing: chains of one
 * readable and one writable buffer.
 */
final class VirtqueueDriver {
    private static final int SIZE = 256;
    private static final long DESCRIPTORS = 0x1_0000;
    private static final long AVAILABLE = 0x2_0000;
    private static final long USED = 0x3_0000;
    private static final long BUFFERS = 0x4_0000;
    static final int BUFFER_BYTES = 64;

    private static final int DESCRIPTOR_BYTES = 16;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    /** VIRTIO_F_VERSION_1, in the upper half. */
    private static final int VERSION_1 = 1;

    // Registers of virtio over MMIO (4.2.2).
    private static final int DRIVER_FEATURES = 0x020;
    private static final int DRIVER_FEATURES_SELECT = 0x024;
    private static final int QUEUE_SIZE = 0x038;
    private static final int QUEUE_READY = 0x044;
    private static final int STATUS = 0x070;
    private static final int QUEUE_DESC = 0x080;
    private static final int QUEUE_DRIVER = 0x090;
    private static final int QUEUE_DEVICE = 0x0a0;

    private final GuestMemory memory;
    private final Virtqueue queue;
    private int available;

    VirtqueueDriver(GuestMemory memory) {
        this.memory = memory;
        Idle device = new Idle();
        VirtioMmioDevice<Idle.Nothing> registers = new VirtioMmioDevice<>(
                device, new VirtioWiring(memory, InterruptLine.NONE, false, VirtqueueDriver::refused));
        write(registers, STATUS, 3);
        write(registers, DRIVER_FEATURES_SELECT, 1);
        write(registers, DRIVER_FEATURES, VERSION_1);
        write(registers, STATUS, 11);
        write(registers, QUEUE_SIZE, SIZE);
        write(registers, QUEUE_DESC, (int) DESCRIPTORS);
        write(registers, QUEUE_DRIVER, (int) AVAILABLE);
        write(registers, QUEUE_DEVICE, (int) USED);
        write(registers, QUEUE_READY, 1);
        write(registers, STATUS, 15);
        for (int i = 0; i < SIZE; i += 2) {
            descriptor(i, BUFFERS + (long) i * BUFFER_BYTES, NEXT, i + 1);
            descriptor(i + 1, BUFFERS + (long) (i + 1) * BUFFER_BYTES, WRITE, 0);
        }
        queue = device.queues.queue(0);
    }

    private static void refused(String notice) {
        throw new IllegalStateException("the device refuses its driver: " + notice);
    }

    private static void write(VirtioMmioDevice<?> registers, int register, int value) {
        registers.writeMmio(register, 4, value);
    }

    private void descriptor(int index, long address, int flags, int next) {
        long at = DESCRIPTORS + (long) index * DESCRIPTOR_BYTES;
        memory.writeLong(at, address);
        memory.writeInt(at + 8, BUFFER_BYTES);
        memory.writeShort(at + 12, (short) flags);
        memory.writeShort(at + 14, (short) next);
    }

    /** The device's side. */
    Virtqueue queue() {
        return queue;
    }

    /** Makes one chain available. */
    void offer() {
        memory.writeShort(AVAILABLE + 4 + 2L * (available % SIZE), (short) (2 * available % SIZE));
        available++;
        memory.writeShortRelease(AVAILABLE + 2, (short) available);
    }

    /** How many chains the device has given back, modulo 65,536. */
    int used() {
        return memory.readShortAcquire(USED + 2) & 0xffff;
    }

    /** A device with a queue that nobody serves. */
    private static final class Idle implements VirtioDevice<Idle.Nothing> {
        record Nothing() {}

        VirtioQueues queues;

        @Override
        public String name() {
            return "idle";
        }

        @Override
        public int deviceId() {
            return 4;
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
        public int queueSize(int index) {
            return SIZE;
        }

        @Override
        public int configLength() {
            return 0;
        }

        @Override
        public long readConfig(int offset, int width) {
            return 0;
        }

        @Override
        public void writeConfig(int offset, int width, long value) {
            // There is no configuration space.
        }

        @Override
        public void start(VirtioQueues started) {
            queues = started;
        }

        @Override
        public void notified(int index) {
            // The benchmark looks by itself.
        }

        @Override
        public void stop() {
            // Nothing runs.
        }

        @Override
        public Nothing save() {
            return new Nothing();
        }

        @Override
        public void restore(Nothing state) {
            // There is none.
        }

        @Override
        public void quiesce() {
            // Nothing runs.
        }
    }
}
