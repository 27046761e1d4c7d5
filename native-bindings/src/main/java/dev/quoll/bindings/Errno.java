package dev.quoll.bindings;

import dev.quoll.bindings.linux.linux_h;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The error numbers that Quoll knows by name, with what errno(3) means by them. */
public enum Errno {
    EPERM(linux_h.EPERM(), "operation not permitted"),
    ENOENT(linux_h.ENOENT(), "no such file or directory"),
    ESRCH(linux_h.ESRCH(), "no such process or thread"),
    EINTR(linux_h.EINTR(), "interrupted by a signal"),
    EIO(linux_h.EIO(), "input/output error"),
    ENXIO(linux_h.ENXIO(), "no such device or address"),
    E2BIG(linux_h.E2BIG(), "argument list too long"),
    EBADF(linux_h.EBADF(), "bad file descriptor"),
    EAGAIN(linux_h.EAGAIN(), "try again"),
    ENOMEM(linux_h.ENOMEM(), "not enough memory"),
    EACCES(linux_h.EACCES(), "permission denied"),
    EFAULT(linux_h.EFAULT(), "bad address"),
    EBUSY(linux_h.EBUSY(), "device or resource busy"),
    EEXIST(linux_h.EEXIST(), "exists already"),
    ENODEV(linux_h.ENODEV(), "no such device"),
    ENOTDIR(linux_h.ENOTDIR(), "not a directory"),
    EISDIR(linux_h.EISDIR(), "is a directory"),
    EINVAL(linux_h.EINVAL(), "invalid argument"),
    ENFILE(linux_h.ENFILE(), "too many open files in the system"),
    EMFILE(linux_h.EMFILE(), "too many open files in this process"),
    ENOTTY(linux_h.ENOTTY(), "not a terminal, or ioctl not supported"),
    ETXTBSY(linux_h.ETXTBSY(), "text file busy"),
    EFBIG(linux_h.EFBIG(), "file too large"),
    ENOSPC(linux_h.ENOSPC(), "no space left"),
    ESPIPE(linux_h.ESPIPE(), "cannot seek"),
    EROFS(linux_h.EROFS(), "read-only file system"),
    EPIPE(linux_h.EPIPE(), "nobody reads the other end"),
    ERANGE(linux_h.ERANGE(), "result out of range"),
    EDEADLK(linux_h.EDEADLK(), "would deadlock"),
    ENAMETOOLONG(linux_h.ENAMETOOLONG(), "name too long"),
    ENOSYS(linux_h.ENOSYS(), "system call not provided by this kernel"),
    EOVERFLOW(linux_h.EOVERFLOW(), "value too large"),
    EOPNOTSUPP(linux_h.EOPNOTSUPP(), "operation not supported"),
    ETIMEDOUT(linux_h.ETIMEDOUT(), "timed out"),
    ENOTEMPTY(linux_h.ENOTEMPTY(), "directory not empty"),
    EXDEV(linux_h.EXDEV(), "on another file system"),
    ELOOP(linux_h.ELOOP(), "too many symbolic links"),
    ENODATA(linux_h.ENODATA(), "no data available"),
    ESTALE(linux_h.ESTALE(), "the file is gone"),
    EMLINK(linux_h.EMLINK(), "too many links"),
    EDQUOT(linux_h.EDQUOT(), "disk quota exceeded"),
    EILSEQ(linux_h.EILSEQ(), "invalid character"),
    EPROTO(linux_h.EPROTO(), "protocol error");

    private static final Map<Integer, Errno> BY_NUMBER =
            Arrays.stream(values()).collect(Collectors.toMap(Errno::number, Function.identity()));

    private final int number;
    private final String meaning;

    Errno(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    /** The number on Linux x86-64. */
    public int number() {
        return number;
    }

    /** A few words of English. */
    public String meaning() {
        return meaning;
    }

    /** The name for {@code number}, if it is one of these. */
    public static Optional<Errno> of(int number) {
        return Optional.ofNullable(BY_NUMBER.get(number));
    }
}
