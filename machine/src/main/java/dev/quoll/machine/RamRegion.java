package dev.quoll.machine;

/**
 * One range of guest-physical RAM and its place in the one host mapping.
 *
 * @param guestAddress first guest-physical address, page aligned
 * @param size bytes, a multiple of 4096
 * @param offset where the region starts in {@link GuestMemory#mapping()}; two regions may show the same memory
 * @param writable whether the guest may write here; where it may not, its writes go to the {@link MmioBus} instead, and reads
 *     do not: read-only memory and flash memory in its array mode
 */
public record RamRegion(long guestAddress, long size, long offset, boolean writable) {
    public RamRegion {
        if (((guestAddress | size | offset) & 0xfff) != 0 || guestAddress < 0 || size <= 0 || offset < 0) {
            throw new IllegalArgumentException("RAM region must be page aligned and not empty: 0x%x + 0x%x at 0x%x"
                    .formatted(guestAddress, size, offset));
        }
    }

    /** Ordinary RAM. */
    public RamRegion(long guestAddress, long size, long offset) {
        this(guestAddress, size, offset, true);
    }

    /** First guest-physical address behind the region. */
    public long end() {
        return guestAddress + size;
    }
}
