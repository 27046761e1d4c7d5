package dev.quoll.boot.kit;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The regular files of a tar archive, by name, readable in any order. Understands the POSIX and the GNU form of long names
 * (tar(5)). Sparse files and links are passed over.
 */
final class TarFile implements AutoCloseable {
    /** Where a file's content lies in the archive. */
    record Entry(String name, long offset, long size) {}

    private static final int BLOCK = 512;
    private static final int MAX_NAME = 1 << 16;

    private final FileChannel channel;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    TarFile(Path path) throws IOException {
        channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            index();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** In the archive's order; names without a leading "./". */
    Iterable<Entry> entries() {
        return entries.values();
    }

    byte[] read(Entry entry) throws IOException {
        if (entry.size > Integer.MAX_VALUE - 8) {
            throw new IOException("the file " + entry.name + " in the archive is too large");
        }
        return read(entry.offset, (int) entry.size);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void index() throws IOException {
        long at = 0;
        String longName = null;
        while (at + BLOCK <= channel.size()) {
            byte[] header = read(at, BLOCK);
            if (header[0] == 0) {
                return;
            }
            long size = number(header, 124, 12);
            long content = at + BLOCK;
            if (size < 0 || size > channel.size() - content) {
                throw new EOFException("the archive ends within a file");
            }
            switch (header[156]) {
                case 'L' -> longName = string(read(content, (int) Math.min(size, MAX_NAME)), 0, MAX_NAME);
                case 'x' -> longName = paxPath(read(content, (int) Math.min(size, MAX_NAME)), longName);
                case '0', 0 -> {
                    String name = longName != null ? longName : headerName(header);
                    name = name.startsWith("./") ? name.substring(2) : name;
                    entries.put(name, new Entry(name, content, size));
                    longName = null;
                }
                default -> longName = null;
            }
            at = content + (size + BLOCK - 1 & -BLOCK);
        }
        throw new EOFException("the archive has no end mark");
    }

    private static String headerName(byte[] header) {
        String name = string(header, 0, 100);
        boolean posix = string(header, 257, 6).equals("ustar");
        String prefix = posix ? string(header, 345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** Records of the form "length key=value\n", the length in decimal and counting itself. */
    private static String paxPath(byte[] records, String otherwise) {
        for (String line : new String(records, StandardCharsets.UTF_8).split("\n")) {
            int key = line.indexOf(" path=");
            if (key > 0) {
                return line.substring(key + 6);
            }
        }
        return otherwise;
    }

    private static long number(byte[] header, int from, int count) throws IOException {
        if (header[from] < 0) { // GNU: too large for octal digits, so binary and big-endian
            return ByteBuffer.wrap(header, from + count - 8, 8).getLong();
        }
        String digits = string(header, from, count).strip();
        if (!digits.matches("[0-7]{1,12}")) {
            throw new IOException("the archive has a header that is none");
        }
        return Long.parseLong(digits, 8);
    }

    private static String string(byte[] bytes, int from, int count) {
        int to = from;
        while (to < Math.min(bytes.length, from + count) && bytes[to] != 0) {
            to++;
        }
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    private byte[] read(long offset, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException("the archive is truncated");
            }
        }
        return buffer.array();
    }
}
