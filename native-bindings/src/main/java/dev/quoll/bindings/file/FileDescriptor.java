package dev.quoll.bindings.file;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.linux.linux_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file by its number, for what Java's own channels cannot do: devices, ioctls, mappings, polling. Calls that a
 * signal interrupts are made again, except {@link #ioctl}, where an interruption means something.
 *
 * <p>Safe from any thread. The number is closed once; a call after that fails with {@link IllegalStateException}, but a
 * call that runs while another thread closes is a race the caller must exclude.
 */
public final class FileDescriptor implements AutoCloseable {
    private static final int CLOSED = -1;

    private final AtomicInteger number;
    private final String name;
    private final boolean owned;

    private FileDescriptor(int number, String name, boolean owned) {
        this.number = new AtomicInteger(number);
        this.name = name;
        this.owned = owned;
    }

    /**
     * Opens a file (open(2)); it is closed on exec.
     *
     * @param flags the {@code O_} constants of {@link linux_h}, or-ed
     * @throws NativeException if the kernel refuses; for {@code /dev/kvm} the message says what usually helps
     */
    public static FileDescriptor open(String path, int flags) {
        var errno = CapturedErrno.current();
        try (var arena = Arena.ofConfined()) {
            var cPath = arena.allocateFrom(path);
            while (true) {
                int number = linux_h.open(errno, cPath, flags | linux_h.O_CLOEXEC(), 0);
                if (number >= 0) {
                    return owning(number, path);
                }
                retryIfInterrupted("open", path, errno);
            }
        }
    }

    /** Takes over a number that some call returned; {@link #close} closes it. */
    public static FileDescriptor owning(int number, String name) {
        return new FileDescriptor(number, name, true);
    }

    /** Refers to a number that somebody else owns, such as standard input; {@link #close} leaves it open. */
    public static FileDescriptor borrowing(int number, String name) {
        return new FileDescriptor(number, name, false);
    }

    /** The number, at least 0. */
    public int number() {
        int current = number.get();
        if (current == CLOSED) {
            throw new IllegalStateException(name + " is closed");
        }
        return current;
    }

    /** What it is, for messages. */
    public String name() {
        return name;
    }

    /**
     * Reads up to the size of {@code buffer}, which must be native memory. Waits for the first byte unless the file is
     * non-blocking.
     *
     * @return the number of bytes read, 0 at the end of the file, or -1 if a non-blocking file has none
     * @throws NativeException if the read fails
     */
    public long read(MemorySegment buffer) {
        var errno = CapturedErrno.current();
        while (true) {
            long count = linux_h.read(errno, number(), buffer, buffer.byteSize());
            if (count >= 0) {
                return count;
            }
            if (CapturedErrno.value(errno) == Errno.EAGAIN.number()) {
                return -1;
            }
            retryIfInterrupted("read", name, errno);
        }
    }

    /**
     * Fills {@code buffer}, which must be native memory, from a place in the file; where the file reads from does not change.
     *
     * @param offset in bytes
     * @throws NativeException if the read fails
     * @throws IllegalStateException if the file ends before
     */
    public void readAt(MemorySegment buffer, long offset) {
        var errno = CapturedErrno.current();
        long done = 0;
        while (done < buffer.byteSize()) {
            long count = linux_h.pread(errno, number(), buffer.asSlice(done), buffer.byteSize() - done, offset + done);
            if (count == 0) {
                throw new IllegalStateException("%s ends at %d".formatted(name, offset + done));
            }
            if (count < 0) {
                retryIfInterrupted("pread", name, errno);
            } else {
                done += count;
            }
        }
    }

    /**
     * Writes from {@code buffer}, which must be native memory.
     *
     * @return the number of bytes taken, which may be fewer than given, or -1 if the file is non-blocking and full
     * @throws NativeException if the write fails
     */
    public long write(MemorySegment buffer) {
        var errno = CapturedErrno.current();
        while (true) {
            long count = linux_h.write(errno, number(), buffer, buffer.byteSize());
            if (count >= 0) {
                return count;
            }
            if (CapturedErrno.value(errno) == Errno.EAGAIN.number()) {
                return -1;
            }
            retryIfInterrupted("write", name, errno);
        }
    }

    /**
     * Makes an ioctl whose argument is a number (0 where it takes none).
     *
     * @param call the request's name, for messages
     * @return the result, at least 0
     * @throws NativeException if the result is negative, {@link Errno#EINTR} included
     */
    public int ioctl(String call, long request, long argument) {
        var errno = CapturedErrno.current();
        int result = linux_h.ioctl_value(errno, number(), request, argument);
        if (result < 0) {
            throw NativeException.of(call, name, errno);
        }
        return result;
    }

    /** Makes an ioctl whose argument is a structure; otherwise as {@link #ioctl(String, long, long)}. */
    public int ioctl(String call, long request, MemorySegment argument) {
        var errno = CapturedErrno.current();
        int result = linux_h.ioctl(errno, number(), request, argument);
        if (result < 0) {
            throw NativeException.of(call, name, errno);
        }
        return result;
    }

    /**
     * Makes an {@code fcntl} with a number for argument.
     *
     * @param call the command's name, for messages
     * @return the result, at least 0
     * @throws NativeException if it fails
     */
    public int control(String call, int command, long argument) {
        var errno = CapturedErrno.current();
        int result = linux_h.fcntl(errno, number(), command, argument);
        if (result < 0) {
            throw NativeException.of(call, name, errno);
        }
        return result;
    }

    private static void retryIfInterrupted(String call, String subject, MemorySegment errno) {
        if (CapturedErrno.value(errno) != Errno.EINTR.number()) {
            throw NativeException.of(call, subject, errno);
        }
    }

    /**
     * Closes the number if it is owned. Closing again does nothing. Linux frees the number even when it reports an
     * error (close(2)), so the call is never repeated.
     *
     * @throws NativeException if the kernel reports that data was lost
     */
    @Override
    public void close() {
        int current = number.getAndSet(CLOSED);
        if (current != CLOSED && owned) {
            var errno = CapturedErrno.current();
            if (linux_h.close(errno, current) < 0) {
                throw NativeException.of("close", name, errno);
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
