package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a new image is to be.
 *
 * @param size of the disk, in bytes
 * @param clusterBits clusters are {@code 1 << clusterBits} bytes: 9 to 21
 * @param refcountOrder refcounts are {@code 1 << refcountOrder} bits wide: 0 to 6, and 4 in version 2
 * @param backingFile the name of the file below, as the header is to tell it: relative to the image's folder, or absolute
 * @param backingFormat the format of the file below; given if and only if there is one
 */
public record Qcow2Plan(
        long size, int version, int clusterBits, int refcountOrder, Optional<String> backingFile, Optional<String> backingFormat) {
    private static final int DEFAULT_CLUSTER_BITS = 16;
    private static final int DEFAULT_REFCOUNT_ORDER = 4;

    /** Checks what is asked for; {@link IllegalArgumentException} with a sentence says what is not possible. */
    public Qcow2Plan {
        require(version == 2 || version == 3, "qcow2 images are of version 2 or 3, not %d".formatted(version));
        require(clusterBits >= Qcow2Header.MIN_CLUSTER_BITS && clusterBits <= Qcow2Header.MAX_CLUSTER_BITS,
                "a cluster of a qcow2 image has 512 bytes to 2 MiB, a power of two");
        require(refcountOrder >= 0 && refcountOrder <= 6 && (version == 3 || refcountOrder == 4),
                "refcounts of a qcow2 image have 1 to 64 bits, a power of two, and 16 in version 2");
        require(size >= 0 && size % 512 == 0, "the size of a disk is a multiple of 512 bytes, not %d".formatted(size));
        require(size <= Qcow2Header.maxSize(clusterBits),
                "a qcow2 image with clusters of %d bytes has at most %d bytes".formatted(1 << clusterBits, Qcow2Header.maxSize(clusterBits)));
        require(backingFile.isPresent() == backingFormat.isPresent(), "a backing file is named with its format");
        int room = (1 << clusterBits) - Qcow2Header.LENGTH_V3 - 32;
        require(backingFile.map(name -> name.getBytes(StandardCharsets.UTF_8).length).orElse(0) <= Math.min(room, Qcow2Header.MAX_BACKING_NAME),
                "the name of the backing file is too long");
    }

    /** Version 3 with clusters of 64 KiB, as QEMU makes them. */
    public Qcow2Plan(long size) {
        this(size, 3, DEFAULT_CLUSTER_BITS, DEFAULT_REFCOUNT_ORDER, Optional.empty(), Optional.empty());
    }

    public Qcow2Plan withClusterBits(int bits) {
        return new Qcow2Plan(size, version, bits, refcountOrder, backingFile, backingFormat);
    }

    public Qcow2Plan withBacking(String file, String format) {
        return new Qcow2Plan(size, version, clusterBits, refcountOrder, Optional.of(file), Optional.of(format));
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** Fills an empty file: header, refcount table, refcount blocks, L1, in this order and without gaps. */
    public void writeTo(HostFile file) throws IOException {
        int clusterSize = 1 << clusterBits;
        RefcountField field = new RefcountField(refcountOrder);
        int blockEntries = field.entriesIn(clusterSize);
        int l1Entries = Qcow2Header.l1EntriesFor(size, clusterBits);
        int l1Clusters = Math.max(1, Math.ceilDiv(l1Entries, clusterSize / Long.BYTES));
        int blocks = 1;
        int tableClusters = 1;
        while ((long) blocks * blockEntries < 1 + tableClusters + blocks + l1Clusters) {
            blocks++;
            tableClusters = Math.ceilDiv(blocks, clusterSize / Long.BYTES);
        }
        long tableOffset = clusterSize;
        long blocksOffset = tableOffset + (long) tableClusters * clusterSize;
        long l1Offset = blocksOffset + (long) blocks * clusterSize;
        int used = 1 + tableClusters + blocks + l1Clusters;
        ByteBuffer block = ByteBuffer.allocate(clusterSize);
        long[] table = new long[blocks];
        for (int i = 0; i < blocks; i++) {
            table[i] = blocksOffset + (long) i * clusterSize;
            for (int entry = 0; entry < blockEntries; entry++) {
                field.set(block, entry, (long) i * blockEntries + entry < used ? 1 : 0);
            }
            file.write(table[i], block.clear());
        }
        Tables.write(file, tableOffset, table);
        file.extendTo((long) used * clusterSize);
        file.write(0, new Qcow2Header(version, clusterBits, size, l1Entries, l1Offset, tableOffset, tableClusters, 0, 0, 0, 0, 0,
                refcountOrder, version == 3 ? Qcow2Header.LENGTH_V3 : Qcow2Header.LENGTH_V2, Qcow2Header.Compression.DEFLATE,
                backingFile, backingFormat).toBytes());
        file.force();
    }
}
