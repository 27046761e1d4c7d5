package dev.quoll.devices.virtio;

/** The reserved feature bits (section 6): what transport and queues understand. Bit numbers. */
public final class VirtioFeature {
    /** Tables of descriptors outside the ring. */
    public static final int INDIRECT_DESCRIPTORS = 28;
    /** Each side says at which entry it wants to be told next. */
    public static final int EVENT_INDEX = 29;
    /** Not a legacy device; the only kind here. */
    public static final int VERSION_1 = 32;
    /** Packed rings. */
    public static final int PACKED_RING = 34;

    /** Bits 24 to 49 belong to transport and queues, the others to the device type (section 2.2). */
    static final long RESERVED = (1L << 50) - (1L << 24);

    private VirtioFeature() {}

    /** The mask of a bit. */
    public static long mask(int bit) {
        return 1L << bit;
    }

    static boolean has(long features, int bit) {
        return (features >>> bit & 1) != 0;
    }
}
