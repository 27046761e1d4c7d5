package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import dev.quoll.devices.block.ZstdDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Reads compressed clusters, and keeps the last ones unpacked: guests read them in small pieces. Safe from several threads. */
final class CompressedClusters {
    private static final int KEPT_BYTES = 4 << 20;

    private final HostFile file;
    private final Qcow2Header header;
    private final Optional<ZstdDecoder> zstd;
    private final Map<Long, byte[]> kept;

    CompressedClusters(HostFile file, Qcow2Header header) throws IOException {
        this.file = file;
        this.header = header;
        this.zstd = header.compression() == Qcow2Header.Compression.ZSTD ? ZstdDecoder.find() : Optional.empty();
        if (header.compression() == Qcow2Header.Compression.ZSTD && zstd.isEmpty()) {
            throw new IOException("its clusters are compressed with zstd, and there is no decoder for that here");
        }
        int most = Math.max(2, KEPT_BYTES >> header.clusterBits());
        this.kept = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
                return size() > most;
            }
        };
    }

    /** The whole cluster that an L2 entry describes. Nobody may change the array. */
    byte[] read(long entry) throws IOException {
        synchronized (kept) {
            byte[] known = kept.get(entry);
            if (known != null) {
                return known;
            }
        }
        byte[] cluster = unpack(entry);
        synchronized (kept) {
            kept.put(entry, cluster);
        }
        return cluster;
    }

    /** The entry is gone, and its bytes may soon be others. */
    void forget(long entry) {
        synchronized (kept) {
            kept.remove(entry);
        }
    }

    private byte[] unpack(long entry) throws IOException {
        long offset = L2Entry.compressedOffset(entry, header.clusterBits());
        // A cluster is stored compressed only when that makes it smaller, so more than two are never needed.
        int size = Math.min(L2Entry.compressedSize(entry, header.clusterBits()), 2 * header.clusterSize() + 512);
        byte[] packed = new byte[size];
        file.readOrZero(offset, ByteBuffer.wrap(packed)); // the last sector need not be whole
        byte[] cluster;
        try {
            cluster = zstd.isPresent() ? zstd.get().decodeFrame(packed, header.clusterSize()) : inflate(packed);
        } catch (IOException e) {
            throw new IOException("the image is damaged: its compressed cluster at %d cannot be unpacked (%s)"
                    .formatted(offset, e.getMessage()), e);
        }
        // QEMU's last cluster of a disk that ends within one may be short.
        return cluster.length == header.clusterSize() ? cluster : Arrays.copyOf(cluster, header.clusterSize());
    }

    private byte[] inflate(byte[] packed) throws IOException {
        byte[] cluster = new byte[header.clusterSize()];
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(packed);
            int count = 0;
            while (count < cluster.length) {
                int got = inflater.inflate(cluster, count, cluster.length - count);
                if (got == 0) {
                    if (inflater.finished()) {
                        break;
                    }
                    throw new IOException("it ends too early");
                }
                count += got;
            }
            return count == cluster.length ? cluster : Arrays.copyOf(cluster, count);
        } catch (DataFormatException e) {
            throw new IOException(e.getMessage() == null ? "not a deflate stream" : e.getMessage(), e);
        }
    }
}
