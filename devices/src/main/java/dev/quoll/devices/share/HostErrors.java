package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Map;

/**
 * Which error number a guest gets for what the host's file system throws. Types tell it where they can; for the rest, the reason that
 * the system's own provider passes on from the C library (strerror(3), in English), else EIO.
 */
final class HostErrors {
    private static final Map<String, Errno> BY_REASON = Map.ofEntries(
            Map.entry("Operation not permitted", Errno.EPERM),
            Map.entry("No such file or directory", Errno.ENOENT),
            Map.entry("Permission denied", Errno.EACCES),
            Map.entry("Device or resource busy", Errno.EBUSY),
            Map.entry("File exists", Errno.EEXIST),
            Map.entry("Invalid cross-device link", Errno.EXDEV),
            Map.entry("Not a directory", Errno.ENOTDIR),
            Map.entry("Is a directory", Errno.EISDIR),
            Map.entry("Invalid argument", Errno.EINVAL),
            Map.entry("Too many open files", Errno.EMFILE),
            Map.entry("Too many open files in system", Errno.ENFILE),
            Map.entry("Text file busy", Errno.ETXTBSY),
            Map.entry("File too large", Errno.EFBIG),
            Map.entry("No space left on device", Errno.ENOSPC),
            Map.entry("Read-only file system", Errno.EROFS),
            Map.entry("Too many links", Errno.EMLINK),
            Map.entry("Numerical result out of range", Errno.ERANGE),
            Map.entry("File name too long", Errno.ENAMETOOLONG),
            Map.entry("Directory not empty", Errno.ENOTEMPTY),
            Map.entry("Too many levels of symbolic links", Errno.ELOOP),
            Map.entry("Too many levels of symbolic links or unable to access attributes of symbolic link", Errno.ELOOP),
            Map.entry("No data available", Errno.ENODATA),
            Map.entry("Operation not supported", Errno.EOPNOTSUPP),
            Map.entry("Disk quota exceeded", Errno.EDQUOT),
            Map.entry("Stale file handle", Errno.ESTALE));

    private HostErrors() {}

    static Errno of(IOException failure) {
        return switch (failure) {
            case FuseException e -> e.errno();
            case NoSuchFileException _ -> Errno.ENOENT;
            case FileAlreadyExistsException _ -> Errno.EEXIST;
            case DirectoryNotEmptyException _ -> Errno.ENOTEMPTY;
            case NotDirectoryException _ -> Errno.ENOTDIR;
            case NotLinkException _ -> Errno.EINVAL;
            case AccessDeniedException _ -> Errno.EACCES;
            case FileSystemLoopException _ -> Errno.ELOOP;
            case AtomicMoveNotSupportedException _ -> Errno.EXDEV;
            case FileSystemException e -> byReason(e.getReason());
            default -> byReason(failure.getMessage());
        };
    }

    /**
     * What requests run into that is no fault of this program: hostile sizes, names the host has no form for, operations its file
     * system lacks. Other exceptions are faults, and are thrown on.
     */
    static Errno of(RuntimeException failure) {
        return switch (failure) {
            case NativeException e -> Errno.of(e.errno()).orElse(Errno.EIO);
            case BufferUnderflowException _ -> Errno.EINVAL;
            case BufferOverflowException _ -> Errno.EINVAL;
            case InvalidPathException _ -> Errno.EILSEQ;
            case ReadOnlyFileSystemException _ -> Errno.EROFS;
            case UnsupportedOperationException _ -> Errno.EOPNOTSUPP;
            case SecurityException _ -> Errno.EACCES;
            default -> throw failure;
        };
    }

    private static Errno byReason(String reason) {
        return reason == null ? Errno.EIO : BY_REASON.getOrDefault(reason, Errno.EIO);
    }
}
