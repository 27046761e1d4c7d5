package dev.quoll.devices.virtio;

/**
 * How far a device has come in a queue: what a snapshot needs beyond guest memory.
 *
 * @param available next entry to take, 16 bits; for packed rings index in bits 14:0 and wrap counter in bit 15
 * @param used next entry to give back, in the same form
 */
public record RingPosition(int available, int used) {
    /** Of a new split queue. */
    static final RingPosition SPLIT_START = new RingPosition(0, 0);
    /** Of a new packed queue: wrap counters start at 1 (section 2.8.1). */
    static final RingPosition PACKED_START = new RingPosition(0x8000, 0x8000);
}
