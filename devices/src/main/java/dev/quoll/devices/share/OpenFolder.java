package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;

/**
 * A folder that the guest has open for listing. Entries are read from the host as they are asked for, so that however large a folder is
 * and however often it is opened, little is kept. Offsets count entries; the first two are the folder itself and its parent. To go back,
 * the listing is read again from its beginning.
 */
final class OpenFolder implements Closeable {
    private static final String[] DOTS = {".", ".."};

    private final Inode inode;
    private DirectoryStream<Path> stream;
    private Iterator<Path> entries;
    /** Entries taken so far, dots included. */
    private long position;
    /** An entry taken that did not fit into an answer, or null. */
    private String pending;

    OpenFolder(Inode inode) {
        this.inode = inode;
    }

    Inode inode() {
        return inode;
    }

    /** Goes to an offset. */
    void seek(SharedTree tree, long offset) throws IOException {
        if (offset < 0) {
            throw new FuseException(Errno.EINVAL);
        }
        if (offset < position || stream == null) {
            close();
            stream = Files.newDirectoryStream(tree.path(inode));
            entries = stream.iterator();
        }
        while (position < offset && next() != null) {
            taken();
        }
    }

    /** The entry at the position, or null at the end. It stays there until it is {@link #taken}. */
    String next() throws IOException {
        if (pending == null) {
            if (position < DOTS.length) {
                pending = DOTS[(int) position];
            } else {
                try {
                    pending = entries.hasNext() ? nameOf(entries.next()) : null;
                } catch (DirectoryIteratorException e) {
                    throw e.getCause();
                }
            }
        }
        return pending;
    }

    /** Some file systems mark folders with a separator at the end. */
    private static String nameOf(Path entry) {
        String name = entry.getFileName().toString();
        String separator = entry.getFileSystem().getSeparator();
        return name.endsWith(separator) ? name.substring(0, name.length() - separator.length()) : name;
    }

    /** Moves on. @return the new offset */
    long taken() {
        pending = null;
        return ++position;
    }

    @Override
    public void close() throws IOException {
        position = 0;
        pending = null;
        entries = null;
        if (stream != null) {
            DirectoryStream<Path> open = stream;
            stream = null;
            open.close();
        }
    }
}
