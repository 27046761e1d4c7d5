package dev.quoll.devices.block;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.file.FileRange;
import dev.quoll.bindings.linux.linux_h;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;

/**
 * What an image's file needs of the host beside reading and writing: a lock, and the giving back of room. Where there is native access
 * the lock is the one that QEMU's programs take as well, so that neither runs on an image that the other writes.
 */
sealed interface HostFileHandle extends AutoCloseable {
    /**
     * Refuses when somebody else writes the file or, for a writer, has it open.
     *
     * @throws IOException a sentence that names the file
     */
    static HostFileHandle lock(Path path, boolean readOnly, FileChannel channel) throws IOException {
        return NativeAccess.available() ? Native.lock(path, readOnly) : Portable.lock(path, readOnly, channel);
    }

    private static IOException inUse(Path path, boolean readOnly) {
        return new IOException(readOnly
                ? "the image %s is being written by another machine or tool".formatted(path)
                : "the image %s is in use by another machine or tool".formatted(path));
    }

    /** @return false when the host cannot do it */
    boolean punchHole(long offset, long length) throws IOException;

    @Override
    void close();

    /** No lock and no holes. */
    record None() implements HostFileHandle {
        @Override
        public boolean punchHole(long offset, long length) {
            return false;
        }

        @Override
        public void close() {
            // there is nothing
        }
    }

    /** Java's own lock, which ends with the channel. It does not part users within one process who only read. */
    record Portable(FileLock held) implements HostFileHandle {
        static HostFileHandle lock(Path path, boolean readOnly, FileChannel channel) throws IOException {
            try {
                FileLock lock = channel.tryLock(0, Long.MAX_VALUE, readOnly);
                if (lock == null) {
                    throw inUse(path, readOnly);
                }
                return new Portable(lock);
            } catch (OverlappingFileLockException e) {
                if (!readOnly) {
                    throw inUse(path, false);
                }
                return new None();
            }
        }

        @Override
        public boolean punchHole(long offset, long length) {
            return false;
        }

        @Override
        public void close() {
            // the channel takes the lock along
        }
    }

    /** By file descriptor. */
    record Native(FileDescriptor file) implements HostFileHandle {
        // QEMU's protocol (block/file-posix.c there): whoever uses a permission holds a shared lock on the byte 100 + its number, whoever
        // does not let others use it one on 200 + its number. Then each looks whether another holds the opposite byte.
        private static final int USES = 100;
        private static final int FORBIDS = 200;
        private static final int READ = 0;
        private static final int WRITE = 1;
        private static final int RESIZE = 3;

        static HostFileHandle lock(Path path, boolean readOnly) throws IOException {
            FileDescriptor file;
            try {
                file = FileDescriptor.open(path.toString(), readOnly ? linux_h.O_RDONLY() : linux_h.O_RDWR());
            } catch (NativeException e) {
                throw new IOException(e.getMessage(), e);
            }
            boolean free = false;
            try {
                int[] used = readOnly ? new int[] {READ} : new int[] {READ, WRITE, RESIZE};
                int[] forbidden = {WRITE, RESIZE};
                free = take(file, USES, used) && take(file, FORBIDS, forbidden)
                        && noneElsewhere(file, FORBIDS, used) && noneElsewhere(file, USES, forbidden);
            } catch (NativeException e) {
                free = true; // a file system without locks: others cannot take them either
            } finally {
                if (!free) {
                    file.close();
                }
            }
            if (!free) {
                throw inUse(path, readOnly);
            }
            return new Native(file);
        }

        private static boolean take(FileDescriptor file, int base, int[] permissions) {
            boolean all = true;
            for (int permission : permissions) {
                all &= new FileRange(base + permission, 1).lockShared(file);
            }
            return all;
        }

        private static boolean noneElsewhere(FileDescriptor file, int base, int[] permissions) {
            for (int permission : permissions) {
                if (new FileRange(base + permission, 1).isLockedElsewhere(file)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public boolean punchHole(long offset, long length) throws IOException {
            try {
                return new FileRange(offset, length).punchHole(file);
            } catch (NativeException e) {
                throw new IOException(e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
