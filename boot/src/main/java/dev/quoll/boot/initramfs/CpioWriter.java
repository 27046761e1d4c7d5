package dev.quoll.boot.initramfs;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes a cpio archive in the "newc" format, the one that Linux unpacks into its root (Documentation/driver-api/early-userspace/buffer-format.rst).
 * The same calls give the same bytes: owner and times are zero, inodes count up. Parents must be added before what they hold.
 * Not for use from several threads.
 */
public final class CpioWriter implements AutoCloseable {
    private static final int TYPE_DIRECTORY = 0040000;
    private static final int TYPE_CHARACTER_DEVICE = 0020000;
    private static final int TYPE_BLOCK_DEVICE = 0060000;
    private static final int TYPE_FILE = 0100000;
    private static final int TYPE_SYMLINK = 0120000;
    private static final int PERMISSIONS = 07777;

    private final OutputStream out;
    private long position;
    private int inode;

    /** @param out gets the archive; closed with this writer */
    public CpioWriter(OutputStream out) {
        this.out = out;
    }

    /** @param mode permission bits, octal 0 to 07777 */
    public void directory(String path, int mode) throws IOException {
        entry(path, TYPE_DIRECTORY, mode, 2, 0, 0, new byte[0]);
    }

    /** @param mode permission bits, octal 0 to 07777 */
    public void file(String path, int mode, byte[] content) throws IOException {
        entry(path, TYPE_FILE, mode, 1, 0, 0, content);
    }

    public void symlink(String path, String target) throws IOException {
        entry(path, TYPE_SYMLINK, 0777, 1, 0, 0, target.getBytes(StandardCharsets.UTF_8));
    }

    public void characterDevice(String path, int mode, int major, int minor) throws IOException {
        entry(path, TYPE_CHARACTER_DEVICE, mode, 1, major, minor, new byte[0]);
    }

    public void blockDevice(String path, int mode, int major, int minor) throws IOException {
        entry(path, TYPE_BLOCK_DEVICE, mode, 1, major, minor, new byte[0]);
    }

    /** Writes the trailer and closes the output. */
    @Override
    public void close() throws IOException {
        try (out) {
            header("TRAILER!!!", 0, 0, 1, 0, 0, 0);
        }
    }

    private void entry(String path, int type, int mode, int links, int major, int minor, byte[] content) throws IOException {
        if (path.isEmpty() || path.startsWith("/") || (mode & ~PERMISSIONS) != 0) {
            throw new IllegalArgumentException("not a relative path with permission bits: '%s' %o".formatted(path, mode));
        }
        header(path, ++inode, type | mode, links, content.length, major, minor);
        bytes(content);
        pad();
    }

    private void header(String path, int number, int mode, int links, int size, int major, int minor) throws IOException {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        // magic, ino, mode, uid, gid, nlink, mtime, filesize, device (2), rdev (2), namesize, check
        bytes("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
                .formatted(number, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length + 1, 0)
                .getBytes(StandardCharsets.US_ASCII));
        bytes(name);
        bytes(new byte[1]);
        pad();
    }

    private void bytes(byte[] bytes) throws IOException {
        out.write(bytes);
        position += bytes.length;
    }

    /** Headers and contents begin at multiples of four. */
    private void pad() throws IOException {
        bytes(new byte[(int) (-position & 3)]);
    }
}
