package dev.quoll.devices.share;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.Map;

/**
 * What a guest is told of a file (struct fuse_attr), from whatever the host's file system can tell.
 *
 * @param key identity on the host, equal for all names of a file; null where the file system has none
 * @param mode type and permissions as in inode(7), without set-user-ID and set-group-ID
 * @param size in bytes
 */
record FileAttributes(
        Object key,
        long inode,
        int mode,
        int links,
        int uid,
        int gid,
        int device,
        long size,
        Instant accessed,
        Instant modified,
        Instant changed) {
    static final int TYPE = 0170000;
    static final int DIRECTORY = 0040000;
    static final int REGULAR = 0100000;
    static final int SYMLINK = 0120000;
    /** Permissions and the sticky bit. Set-ID bits would let a guest run its program as the machine's user on the host. */
    static final int PERMISSIONS = 01777;

    /** Length of struct fuse_attr. */
    static final int LENGTH = 88;

    private static final int FIFO = 0010000;
    private static final int BLOCK = 512;
    private static final int BEST_TRANSFER = 4096;

    /** Identity by device and inode number. */
    private record FileId(long device, long inode) {}

    /** How much a file system tells. */
    enum Source {
        UNIX,
        POSIX,
        BASIC;

        static Source of(FileSystem files) {
            var views = files.supportedFileAttributeViews();
            return views.contains("unix") ? UNIX : views.contains("posix") ? POSIX : BASIC;
        }

        FileAttributes read(Path path, LinkOption... options) throws IOException {
            return switch (this) {
                case UNIX -> unix(path, options);
                case POSIX -> {
                    PosixFileAttributes posix = Files.readAttributes(path, PosixFileAttributes.class, options);
                    int permissions = 0;
                    for (PosixFilePermission permission : posix.permissions()) {
                        permissions |= bit(permission);
                    }
                    yield basic(posix, permissions);
                }
                case BASIC -> {
                    BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class, options);
                    yield basic(basic, basic.isDirectory() || basic.isSymbolicLink() ? 0755 : 0644);
                }
            };
        }
    }

    /** The bit of a permission in a mode: the enumeration runs from the owner's read permission down. */
    static int bit(PosixFilePermission permission) {
        return 0400 >> permission.ordinal();
    }

    private static FileAttributes unix(Path path, LinkOption... options) throws IOException {
        Map<String, Object> all = Files.readAttributes(
                path, "unix:mode,ino,dev,rdev,nlink,uid,gid,ctime,size,lastAccessTime,lastModifiedTime", options);
        long inode = (long) all.get("ino");
        int mode = (int) all.get("mode");
        return new FileAttributes(
                new FileId((long) all.get("dev"), inode),
                inode,
                mode & (TYPE | PERMISSIONS),
                (int) all.get("nlink"),
                (int) all.get("uid"),
                (int) all.get("gid"),
                (int) (long) all.get("rdev"),
                (long) all.get("size"),
                ((FileTime) all.get("lastAccessTime")).toInstant(),
                ((FileTime) all.get("lastModifiedTime")).toInstant(),
                ((FileTime) all.get("ctime")).toInstant());
    }

    private static FileAttributes basic(BasicFileAttributes basic, int permissions) {
        int type = basic.isDirectory() ? DIRECTORY : basic.isSymbolicLink() ? SYMLINK : basic.isRegularFile() ? REGULAR : FIFO;
        Instant modified = basic.lastModifiedTime().toInstant();
        return new FileAttributes(
                basic.fileKey(), 0, type | permissions, 1, 0, 0, 0, basic.size(), basic.lastAccessTime().toInstant(), modified, modified);
    }

    boolean isDirectory() {
        return (mode & TYPE) == DIRECTORY;
    }

    boolean isRegular() {
        return (mode & TYPE) == REGULAR;
    }

    boolean isSymlink() {
        return (mode & TYPE) == SYMLINK;
    }

    /** The type as in struct fuse_dirent: the upper four bits of the mode. */
    int direntType() {
        return mode >>> 12;
    }

    FileAttributes with(long otherSize, int otherLinks) {
        return new FileAttributes(key, inode, mode, otherLinks, uid, gid, device, otherSize, accessed, modified, changed);
    }

    /** Writes struct fuse_attr. @param number inode number to show */
    void write(FuseReply reply, long number, Ownership ownership) {
        reply.u64(number).u64(size).u64((size + BLOCK - 1) / BLOCK);
        reply.u64(accessed.getEpochSecond()).u64(modified.getEpochSecond()).u64(changed.getEpochSecond());
        reply.u32(accessed.getNano()).u32(modified.getNano()).u32(changed.getNano());
        reply.u32(mode).u32(links);
        reply.u32(ownership.host() ? uid : ownership.uid()).u32(ownership.host() ? gid : ownership.gid());
        reply.u32(device).u32(BEST_TRANSFER).u32(0);
    }
}
