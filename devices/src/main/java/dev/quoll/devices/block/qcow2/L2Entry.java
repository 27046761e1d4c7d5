package dev.quoll.devices.block.qcow2;

/** Bits of the entries in L1 and L2 tables ("L1 table entry", "L2 table entry" in the specification). */
final class L2Entry {
    /** The cluster is referred to from here only, so that it may be written in place. */
    static final long COPIED = 1L << 63;
    static final long COMPRESSED = 1L << 62;
    /** Reads as zeroes, whatever cluster is kept for it; version 3 only. */
    static final long ZERO = 1;
    static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

    /** Bits of an entry for a cluster that is not compressed. */
    static final long RESERVED = 0x3f00_0000_0000_01feL;

    private L2Entry() {}

    static boolean isCompressed(long entry) {
        return (entry & COMPRESSED) != 0;
    }

    /** Whether a guest's write may go straight to the cluster. */
    static boolean isWritableInPlace(long entry) {
        return (entry & (COPIED | COMPRESSED | ZERO)) == COPIED && (entry & OFFSET) != 0;
    }

    /** Whether a cluster is set aside for content that is zeroes so far. */
    static boolean isReservedZero(long entry) {
        return (entry & (COPIED | COMPRESSED | ZERO)) == (COPIED | ZERO) && (entry & OFFSET) != 0;
    }

    /** Where a compressed cluster's bytes begin. */
    static long compressedOffset(long entry, int clusterBits) {
        return entry & (1L << sectorShift(clusterBits)) - 1;
    }

    /** How many bytes a compressed cluster may take up: to the end of the last 512-byte sector that it touches. */
    static int compressedSize(long entry, int clusterBits) {
        long further = (entry & ~(COPIED | COMPRESSED)) >>> sectorShift(clusterBits);
        return (int) ((further + 1) * 512 - (compressedOffset(entry, clusterBits) & 511));
    }

    private static int sectorShift(int clusterBits) {
        return 62 - (clusterBits - 8);
    }
}
