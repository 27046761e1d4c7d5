package dev.quoll.devices.block.qcow2;

/** A stretch of the disk, and where its content comes from. Lengths are in bytes. */
sealed interface Extent {
    long length();

    /**
     * Bytes of the file.
     *
     * @param writable whether they belong to this stretch alone
     */
    record Data(long offset, long length, boolean writable) implements Extent {}

    record Zero(long length) implements Extent {}

    /** What the backing file has there; zeroes where there is none. */
    record Backing(long length) implements Extent {}

    /** The rest of one compressed cluster. */
    record Compressed(long entry, long length) implements Extent {}
}
