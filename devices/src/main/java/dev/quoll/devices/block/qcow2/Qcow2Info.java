package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a qcow2 image says of itself.
 *
 * @param size of the disk, in bytes
 * @param clusterSize in bytes
 * @param refcountBits width of a refcount
 * @param compression how compressed clusters are packed, if there are any
 * @param dirty whether its refcounts may be out of date
 * @param corrupt whether somebody has found its tables damaged
 * @param snapshots names of the snapshots within
 */
public record Qcow2Info(
        int version,
        long size,
        int clusterSize,
        int refcountBits,
        String compression,
        boolean dirty,
        boolean corrupt,
        Optional<String> backingFile,
        Optional<String> backingFormat,
        List<String> snapshots) {
    /** @throws IOException a sentence that names the file */
    public static Qcow2Info read(HostFile file) throws IOException {
        try {
            Qcow2Header header = Qcow2Image.readHeader(file);
            List<String> names = SnapshotTable.read(file, header).entries().stream().map(SnapshotTable.Entry::name).toList();
            return new Qcow2Info(header.version(), header.size(), header.clusterSize(), 1 << header.refcountOrder(),
                    header.compression().name().toLowerCase(Locale.ROOT), (header.incompatible() & Qcow2Header.DIRTY) != 0,
                    (header.incompatible() & Qcow2Header.CORRUPT) != 0, header.backingFile(), header.backingFormat(), names);
        } catch (IOException e) {
            throw new IOException("the image %s cannot be used: %s".formatted(file.path(), e.getMessage()), e);
        }
    }
}
