package dev.quoll.devices.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The header as the file has it, checked for all that reading the tables relies on ("Header" and "Header extensions" in the
 * specification). The cluster size bounds every table, the limits below bound what is held in memory whatever a hostile file says.
 *
 * @param size of the disk, in bytes
 * @param refcountOrder refcounts are {@code 1 << refcountOrder} bits wide
 */
record Qcow2Header(
        int version,
        int clusterBits,
        long size,
        int l1Entries,
        long l1Offset,
        long refcountTableOffset,
        int refcountTableClusters,
        int snapshots,
        long snapshotsOffset,
        long incompatible,
        long compatible,
        long autoclear,
        int refcountOrder,
        int length,
        Compression compression,
        Optional<String> backingFile,
        Optional<String> backingFormat) {
    static final int MAGIC = 0x514649fb;
    static final int LENGTH_V2 = 72;
    static final int LENGTH_V3 = 104;
    static final int MIN_CLUSTER_BITS = 9;
    static final int MAX_CLUSTER_BITS = 21;

    static final int INCOMPATIBLE_OFFSET = 72;
    static final int AUTOCLEAR_OFFSET = 88;
    static final int BACKING_FORMAT_EXTENSION = 0xe2792aca;
    static final int MAX_BACKING_NAME = 1023;

    /** Refcounts may be wrong: they must be counted anew before anything is allocated. */
    static final long DIRTY = 1;
    /** Somebody found the tables damaged: the image may only be read. */
    static final long CORRUPT = 1 << 1;
    static final long EXTERNAL_DATA = 1 << 2;
    static final long COMPRESSION_TYPE = 1 << 3;
    static final long EXTENDED_L2 = 1 << 4;

    /** Bytes of L1: 2 TiB in clusters of 4 KiB, 2 PiB in the usual 64 KiB. */
    private static final int MAX_L1 = 32 << 20;
    private static final int MAX_REFCOUNT_TABLE = 8 << 20;
    private static final int MAX_SNAPSHOTS = 65536;
    private static final int MAX_EXTENSIONS = 64;

    /** How compressed clusters are packed. */
    enum Compression {
        DEFLATE,
        ZSTD
    }

    static boolean recognises(ByteBuffer start) {
        return start.remaining() >= 4 && start.getInt(start.position()) == MAGIC;
    }

    int clusterSize() {
        return 1 << clusterBits;
    }

    /** Entries of an L2 table. */
    int l2Entries() {
        return clusterSize() / Long.BYTES;
    }

    static int l1EntriesFor(long size, int clusterBits) {
        int coverage = 2 * clusterBits - 3;
        return (int) ((size >> coverage) + ((size & (1L << coverage) - 1) == 0 ? 0 : 1));
    }

    /** Largest disk that the tables can describe within the limits here. */
    static long maxSize(int clusterBits) {
        return Math.min((long) (MAX_L1 / Long.BYTES) << 2 * clusterBits - 3, 1L << 55);
    }

    /**
     * @param start the first cluster, or all of a shorter file
     * @throws IOException with a clause that says what is wrong or not supported: "it ..."
     */
    static Qcow2Header parse(ByteBuffer start) throws IOException {
        if (!recognises(start)) {
            throw new IOException("it is no qcow2 image");
        }
        require(start.limit() >= LENGTH_V2, "its header is cut off");
        int version = start.getInt(4);
        require(version == 2 || version == 3, "it is qcow version %d, and only 2 and 3 are supported".formatted(version));
        int clusterBits = start.getInt(20);
        require(clusterBits >= MIN_CLUSTER_BITS && clusterBits <= MAX_CLUSTER_BITS,
                "its header gives clusters of 2^%d bytes; 2^9 to 2^21 are possible".formatted(clusterBits));
        require(start.getInt(32) == 0, "it is encrypted, which is not supported");
        boolean v3 = version == 3;
        require(!v3 || start.limit() >= LENGTH_V3, "its header is cut off");
        int length = v3 ? start.getInt(100) : LENGTH_V2;
        require(length >= (v3 ? LENGTH_V3 : LENGTH_V2) && length % 8 == 0 && length <= start.limit() && length <= 1 << clusterBits,
                "its header has an impossible length of %d".formatted(length));
        long incompatible = v3 ? start.getLong(INCOMPATIBLE_OFFSET) : 0;
        refuseFeatures(incompatible, start, length);
        int type = v3 && length > LENGTH_V3 ? start.get(104) : 0;
        require(type == 0 || type == 1, "its clusters are compressed in an unknown way (%d)".formatted(type));
        require((type != 0) == ((incompatible & COMPRESSION_TYPE) != 0), "its compression type contradicts its feature bits");
        int refcountOrder = v3 ? start.getInt(96) : 4;
        require(refcountOrder >= 0 && refcountOrder <= 6, "its refcounts have an impossible width");
        Qcow2Header header = new Qcow2Header(version, clusterBits, start.getLong(24), start.getInt(36), start.getLong(40),
                start.getLong(48), start.getInt(56), start.getInt(60), start.getLong(64), incompatible,
                v3 ? start.getLong(80) : 0, v3 ? start.getLong(AUTOCLEAR_OFFSET) : 0, refcountOrder, length,
                type == 0 ? Compression.DEFLATE : Compression.ZSTD,
                backingName(start, clusterBits), extension(start, length, BACKING_FORMAT_EXTENSION));
        header.checkTables();
        return header;
    }

    private void checkTables() throws IOException {
        require(size >= 0 && size <= maxSize(clusterBits), "its disk of %d bytes is too large for its clusters".formatted(size));
        require(l1Entries >= l1EntriesFor(size, clusterBits) && l1Entries <= MAX_L1 / Long.BYTES,
                "its L1 table of %d entries does not fit its disk".formatted(l1Entries));
        require(refcountTableClusters > 0 && (long) refcountTableClusters << clusterBits <= MAX_REFCOUNT_TABLE,
                "its refcount table has an impossible size");
        require(snapshots >= 0 && snapshots <= MAX_SNAPSHOTS, "it says it has %d snapshots".formatted(snapshots));
        requireAligned(l1Offset, "L1 table");
        requireAligned(refcountTableOffset, "refcount table");
        if (snapshots > 0) {
            requireAligned(snapshotsOffset, "snapshot table");
        }
    }

    private void requireAligned(long offset, String what) throws IOException {
        boolean empty = offset == 0 && what.startsWith("L1") && l1Entries == 0;
        require(empty || offset > 0 && (offset & clusterSize() - 1) == 0 && offset < 1L << 56,
                "its %s is at the impossible offset %d".formatted(what, offset));
    }

    private static void refuseFeatures(long incompatible, ByteBuffer start, int length) throws IOException {
        long refused = incompatible & ~(DIRTY | CORRUPT | COMPRESSION_TYPE);
        if (refused == 0) {
            return;
        }
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((refused >>> bit & 1) != 0) {
                names.add(featureName(start, length, bit));
            }
        }
        throw new IOException("it needs features that are not supported: " + String.join(", ", names));
    }

    /** The image itself brings the names of its features along, in 48 bytes each: type, bit, name. */
    private static String featureName(ByteBuffer start, int length, int bit) {
        if (1L << bit == EXTERNAL_DATA) {
            return "an external data file";
        } else if (1L << bit == EXTENDED_L2) {
            return "extended L2 entries";
        }
        Optional<byte[]> table = extensionBytes(start, length, 0x6803f857);
        if (table.isPresent()) {
            ByteBuffer rows = ByteBuffer.wrap(table.get());
            for (int row = 0; row + 48 <= rows.limit(); row += 48) {
                if (rows.get(row) == 0 && rows.get(row + 1) == bit) {
                    String name = new String(table.get(), row + 2, 46, StandardCharsets.US_ASCII).split("\0", 2)[0];
                    return "\"%s\"".formatted(name.replaceAll("[^\\x20-\\x7e]", "?"));
                }
            }
        }
        return "incompatible feature bit " + bit;
    }

    private static Optional<String> backingName(ByteBuffer start, int clusterBits) throws IOException {
        long offset = start.getLong(8);
        int count = start.getInt(16);
        if (offset == 0) {
            return Optional.empty();
        }
        require(count > 0 && count <= MAX_BACKING_NAME && offset > 0 && offset <= (1L << clusterBits) - count
                        && offset + count <= start.limit(), "the name of its backing file is not where its header says");
        byte[] name = new byte[count];
        start.get((int) offset, name);
        return Optional.of(new String(name, StandardCharsets.UTF_8));
    }

    private static Optional<String> extension(ByteBuffer start, int length, int wanted) {
        return extensionBytes(start, length, wanted).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private static Optional<byte[]> extensionBytes(ByteBuffer start, int length, int wanted) {
        long at = length;
        long backing = start.getLong(8);
        long end = backing > 0 ? Math.min(backing, start.limit()) : start.limit();
        for (int i = 0; i < MAX_EXTENSIONS && at + 8 <= end; i++) {
            int type = start.getInt((int) at);
            int count = start.getInt((int) at + 4);
            if (type == 0 || count < 0 || count > end - at - 8) {
                return Optional.empty();
            }
            if (type == wanted) {
                byte[] bytes = new byte[count];
                start.get((int) at + 8, bytes);
                return Optional.of(bytes);
            }
            at += 8 + (count + 7L & ~7L);
        }
        return Optional.empty();
    }

    private static void require(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException(otherwise);
        }
    }

    /** The header and the backing file's format and name, as the start of the first cluster. Extensions of others are not kept. */
    ByteBuffer toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(clusterSize());
        bytes.putInt(MAGIC).putInt(version).putLong(0).putInt(0).putInt(clusterBits).putLong(size).putInt(0);
        bytes.putInt(l1Entries).putLong(l1Offset).putLong(refcountTableOffset).putInt(refcountTableClusters);
        bytes.putInt(snapshots).putLong(snapshotsOffset);
        if (version == 3) {
            bytes.putLong(incompatible).putLong(compatible).putLong(autoclear).putInt(refcountOrder).putInt(length);
            bytes.position(length);
        }
        backingFormat.ifPresent(format -> {
            byte[] name = format.getBytes(StandardCharsets.UTF_8);
            bytes.putInt(BACKING_FORMAT_EXTENSION).putInt(name.length).put(name).position(bytes.position() + 7 & ~7);
        });
        bytes.putLong(0);
        backingFile.ifPresent(file -> {
            byte[] name = file.getBytes(StandardCharsets.UTF_8);
            bytes.putLong(8, bytes.position()).putInt(16, name.length).put(name);
        });
        return bytes.clear();
    }
}
