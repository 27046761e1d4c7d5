package dev.quoll.devices.virtio;

import dev.quoll.devices.virtio.VirtioTransport.Area;

/** The common configuration structure (section 4.1.4.3), by register. 64-bit registers are written in halves. */
final class PciCommonRegisters {
    static final int LENGTH = 0x38;
    static final int STATUS = 0x14;

    private static final int DEVICE_FEATURE_SELECT = 0x00;
    private static final int DEVICE_FEATURE = 0x04;
    private static final int DRIVER_FEATURE_SELECT = 0x08;
    private static final int DRIVER_FEATURE = 0x0c;
    private static final int CONFIG_VECTOR = 0x10;
    private static final int QUEUES = 0x12;
    private static final int GENERATION = 0x15;
    private static final int QUEUE_SELECT = 0x16;
    private static final int QUEUE_SIZE = 0x18;
    private static final int QUEUE_VECTOR = 0x1a;
    private static final int QUEUE_ENABLE = 0x1c;
    private static final int QUEUE_NOTIFY_OFFSET = 0x1e;
    private static final int QUEUE_ADDRESSES = 0x20;

    private static final Area[] AREAS = Area.values();

    /** The MSI-X vectors of queues and, behind the last queue, of configuration changes. */
    interface Vectors {
        int get(int source);

        void set(int source, int vector);
    }

    private final VirtioTransport<?> transport;
    private final Vectors vectors;

    PciCommonRegisters(VirtioTransport<?> transport, Vectors vectors) {
        this.transport = transport;
        this.vectors = vectors;
    }

    int read(int offset) {
        return switch (offset) {
            case DEVICE_FEATURE_SELECT -> transport.featureSelect();
            case DEVICE_FEATURE -> transport.deviceFeatures();
            case DRIVER_FEATURE_SELECT -> transport.driverFeatureSelect();
            case DRIVER_FEATURE -> transport.driverFeatures();
            case CONFIG_VECTOR -> vectors.get(transport.queueCount());
            case QUEUES -> transport.queueCount();
            case STATUS -> transport.status();
            case GENERATION -> transport.generation();
            case QUEUE_SELECT -> transport.queueSelect();
            case QUEUE_SIZE -> transport.queueSize();
            case QUEUE_VECTOR -> vectors.get(queueSource());
            case QUEUE_ENABLE -> transport.queueEnabled() ? 1 : 0;
            case QUEUE_NOTIFY_OFFSET -> transport.queueMaximum() == 0 ? 0 : transport.queueSelect();
            default -> addressRegister(offset)
                    ? transport.queueAddress(area(offset), (offset & 4) != 0)
                    : 0;
        };
    }

    void write(int offset, int value) {
        switch (offset) {
            case DEVICE_FEATURE_SELECT -> transport.selectFeatures(value);
            case DRIVER_FEATURE_SELECT -> transport.selectDriverFeatures(value);
            case DRIVER_FEATURE -> transport.setDriverFeatures(value);
            case CONFIG_VECTOR -> vectors.set(transport.queueCount(), value & 0xffff);
            case STATUS -> transport.setStatus(value & 0xff);
            case QUEUE_SELECT -> transport.selectQueue(value & 0xffff);
            case QUEUE_SIZE -> transport.setQueueSize(value & 0xffff);
            case QUEUE_VECTOR -> vectors.set(queueSource(), value & 0xffff);
            case QUEUE_ENABLE -> {
                // Only a reset takes it back (4.1.4.3.2).
                if ((value & 0xffff) == 1) {
                    transport.setQueueEnabled(true);
                }
            }
            default -> {
                if (addressRegister(offset)) {
                    transport.setQueueAddress(area(offset), (offset & 4) != 0, value);
                }
            }
        }
    }

    /** A queue that does not exist has no vector, and must not be taken for the configuration's. */
    private int queueSource() {
        int selected = transport.queueSelect();
        return selected < transport.queueCount() ? selected : Integer.MAX_VALUE;
    }

    private static boolean addressRegister(int offset) {
        return offset >= QUEUE_ADDRESSES && offset < LENGTH && (offset & 3) == 0;
    }

    private static Area area(int offset) {
        return AREAS[offset - QUEUE_ADDRESSES >>> 3];
    }
}
