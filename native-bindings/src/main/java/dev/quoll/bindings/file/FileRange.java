package dev.quoll.bindings.file;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.linux.flock;
import dev.quoll.bindings.linux.linux_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A stretch of an open file, in bytes: locks that belong to the open file and not to the process (fcntl(2), "Open file description
 * locks"), so that they also part two users within one process and outlive other descriptors; and holes (fallocate(2)).
 */
public record FileRange(long offset, long length) {
    /**
     * Takes a shared lock, which others may share; it lasts until the descriptor is closed.
     *
     * @return false when another open file holds an exclusive lock there
     * @throws NativeException if the kernel or the file system knows no such locks
     */
    public boolean lockShared(FileDescriptor file) {
        var errno = CapturedErrno.current();
        try (var arena = Arena.ofConfined()) {
            if (linux_h.fcntl_lock(errno, file.number(), linux_h.F_OFD_SETLK(), lock(arena, linux_h.F_RDLCK())) >= 0) {
                return true;
            }
            int error = CapturedErrno.value(errno);
            if (error == Errno.EAGAIN.number() || error == Errno.EACCES.number()) {
                return false;
            }
            throw NativeException.of("F_OFD_SETLK", file.name(), errno);
        }
    }

    /**
     * Whether another open file holds any lock there.
     *
     * @throws NativeException if the kernel or the file system knows no such locks
     */
    public boolean isLockedElsewhere(FileDescriptor file) {
        var errno = CapturedErrno.current();
        try (var arena = Arena.ofConfined()) {
            MemorySegment lock = lock(arena, linux_h.F_WRLCK());
            if (linux_h.fcntl_lock(errno, file.number(), linux_h.F_OFD_GETLK(), lock) < 0) {
                throw NativeException.of("F_OFD_GETLK", file.name(), errno);
            }
            return flock.l_type(lock) != (short) linux_h.F_UNLCK();
        }
    }

    private MemorySegment lock(Arena arena, int type) {
        MemorySegment lock = flock.allocate(arena);
        flock.l_type(lock, (short) type);
        flock.l_whence(lock, (short) linux_h.SEEK_SET());
        flock.l_start(lock, offset);
        flock.l_len(lock, length);
        return lock;
    }

    /**
     * Gives the room of the stretch back; it reads as zeroes then. The size of the file stays.
     *
     * @return false when the file system cannot do that
     * @throws NativeException if it fails for another reason
     */
    public boolean punchHole(FileDescriptor file) {
        var errno = CapturedErrno.current();
        int mode = linux_h.FALLOC_FL_PUNCH_HOLE() | linux_h.FALLOC_FL_KEEP_SIZE();
        while (linux_h.fallocate(errno, file.number(), mode, offset, length) < 0) {
            int error = CapturedErrno.value(errno);
            if (error == Errno.EOPNOTSUPP.number() || error == Errno.ENOSYS.number() || error == Errno.ENODEV.number()) {
                return false;
            }
            if (error != Errno.EINTR.number()) {
                throw NativeException.of("fallocate", file.name(), errno);
            }
        }
        return true;
    }
}
