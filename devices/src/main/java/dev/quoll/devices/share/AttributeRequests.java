package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** Requests on attributes of files, extended ones too, and of the file system. */
final class AttributeRequests {
    /** Bits of fuse_setattr_in.valid. */
    private static final int FATTR_MODE = 1;

    private static final int FATTR_UID = 1 << 1;
    private static final int FATTR_GID = 1 << 2;
    private static final int FATTR_SIZE = 1 << 3;
    private static final int FATTR_ATIME = 1 << 4;
    private static final int FATTR_MTIME = 1 << 5;
    private static final int FATTR_FH = 1 << 6;
    private static final int FATTR_ATIME_NOW = 1 << 7;
    private static final int FATTR_MTIME_NOW = 1 << 8;
    private static final int ALL_NAMES = 1 << 20;
    private static final int XATTR_CREATE = 1;
    private static final int XATTR_REPLACE = 2;
    /** The one namespace of extended attributes that a guest may use (xattr(7)). */
    private static final String USER = "user.";
    /** Largest value (XATTR_SIZE_MAX). */
    private static final int MAX_VALUE = 65536;

    private final Share share;
    private final SharedTree tree;

    AttributeRequests(Share share) {
        this.share = share;
        this.tree = share.tree;
    }

    void getattr(FuseRequest request, FuseReply reply) throws IOException {
        Inode inode = share.inode(request);
        share.attributes(reply, inode, share.look(inode));
    }

    void setattr(FuseRequest request, FuseReply reply) throws IOException {
        int valid = request.u32();
        request.skip(4);
        long handle = request.u64();
        long size = request.u64();
        request.skip(8);
        long accessed = request.u64();
        long modified = request.u64();
        request.skip(8);
        int accessedNanos = request.u32();
        int modifiedNanos = request.u32();
        request.skip(4);
        int mode = request.u32();
        request.skip(4);
        int uid = request.u32();
        int gid = request.u32();
        Inode inode = share.inode(request);
        FileAttributes before = share.look(inode);
        requireSameOwner(before, valid, uid, gid);
        if ((valid & FATTR_MODE) != 0 && !before.isSymlink()) {
            tree.with(inode, (path, options) -> {
                setMode(path, mode, options);
                return null;
            });
        }
        if ((valid & FATTR_SIZE) != 0) {
            resize(inode, (valid & FATTR_FH) != 0 ? handle : 0, size);
        }
        FileTime newAccessed = time(valid, FATTR_ATIME, FATTR_ATIME_NOW, accessed, accessedNanos);
        FileTime newModified = time(valid, FATTR_MTIME, FATTR_MTIME_NOW, modified, modifiedNanos);
        if (newAccessed != null || newModified != null) {
            setTimes(inode, before, newModified, newAccessed);
        }
        share.attributes(reply, inode, share.look(inode));
    }

    /** Files belong to the machine's user: a change that would not change what is shown succeeds, any other does not. */
    private void requireSameOwner(FileAttributes file, int valid, int uid, int gid) throws FuseException {
        Ownership shown = share.ownership;
        boolean otherUser = (valid & FATTR_UID) != 0 && uid != (shown.host() ? file.uid() : shown.uid());
        boolean otherGroup = (valid & FATTR_GID) != 0 && gid != (shown.host() ? file.gid() : shown.gid());
        if (otherUser || otherGroup) {
            throw new FuseException(Errno.EPERM);
        }
    }

    /** Gives what was just made at a name its permissions; the host's umask does not count, the guest's has been applied. */
    void permit(Inode folder, String name, int mode) throws IOException {
        tree.withNew(folder, name, (path, options) -> {
            setMode(path, mode, options);
            return null;
        });
    }

    private void setMode(Path path, int mode, LinkOption... options) throws IOException {
        switch (tree.source()) {
            case UNIX -> Files.setAttribute(path, "unix:mode", mode & FileAttributes.PERMISSIONS, options);
            case POSIX -> {
                Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
                for (PosixFilePermission permission : PosixFilePermission.values()) {
                    if ((mode & FileAttributes.bit(permission)) != 0) {
                        permissions.add(permission);
                    }
                }
                Files.setAttribute(path, "posix:permissions", permissions, options);
            }
            case BASIC -> { } // There are no permissions to set.
        }
    }

    private void resize(Inode inode, long handle, long size) throws IOException {
        if (size < 0) {
            throw new FuseException(Errno.EINVAL);
        }
        FileChannel open = handle != 0 ? share.files.get(handle).channel(tree, true) : null;
        if (open != null) {
            resize(open, size);
            return;
        }
        try (FileChannel channel = OpenFile.open(tree, inode, OpenFile.O_WRONLY)) {
            resize(channel, size);
        }
    }

    private static void resize(FileChannel channel, long size) throws IOException {
        if (size <= channel.size()) {
            channel.truncate(size);
        } else {
            channel.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    private static FileTime time(int valid, int set, int now, long seconds, int nanos) throws FuseException {
        if ((valid & now) != 0) {
            return FileTime.from(Instant.now());
        }
        if ((valid & set) == 0) {
            return null;
        }
        try {
            return FileTime.from(Instant.ofEpochSecond(seconds, Integer.toUnsignedLong(nanos)));
        } catch (DateTimeException | ArithmeticException e) {
            throw new FuseException(Errno.EINVAL);
        }
    }

    private void setTimes(Inode inode, FileAttributes before, FileTime modified, FileTime accessed) throws IOException {
        FolderAccess.Action<Void> set = (path, options) -> {
            Files.getFileAttributeView(path, BasicFileAttributeView.class, options).setTimes(modified, accessed, null);
            return null;
        };
        if (before.isRegular() || before.isDirectory()) {
            tree.with(inode, set);
        } else {
            set.with(tree.where(inode), LinkOption.NOFOLLOW_LINKS);
        }
    }

    /** The guest's kernel checks permissions by the attributes; the host checks those of the machine's user at each access. */
    void access(FuseRequest request) throws IOException {
        share.look(share.inode(request));
    }

    void statfs(FuseReply reply) throws IOException {
        FileStore store = tree.store();
        long block;
        try {
            block = store.getBlockSize();
        } catch (UnsupportedOperationException e) {
            block = 4096;
        }
        reply.u64(store.getTotalSpace() / block).u64(store.getUnallocatedSpace() / block).u64(store.getUsableSpace() / block);
        reply.u64(0).u64(0);
        reply.u32((int) block).u32(FuseRequest.MAX_NAME).u32((int) block).zeroes(28);
    }

    /** What is done with the view of a file's extended attributes. */
    @FunctionalInterface
    private interface ViewAction {
        void on(UserDefinedFileAttributeView view) throws IOException;
    }

    private void withView(FuseRequest request, ViewAction action) throws IOException {
        Inode inode = share.inode(request);
        tree.with(inode, (path, options) -> {
            UserDefinedFileAttributeView view =
                    Files.getFileAttributeView(path, UserDefinedFileAttributeView.class, options);
            if (view == null) {
                throw new FuseException(Errno.ENOSYS);
            }
            action.on(view);
            return null;
        });
    }

    /** The name behind the namespace. */
    private static String attribute(FuseRequest request, Errno otherNamespace) throws FuseException {
        String name = request.text(FuseRequest.MAX_NAME);
        if (!name.startsWith(USER) || name.length() == USER.length()) {
            throw new FuseException(otherNamespace);
        }
        return name.substring(USER.length());
    }

    void getxattr(FuseRequest request, FuseReply reply) throws IOException {
        int room = request.u32();
        request.skip(4);
        String name = attribute(request, Errno.ENODATA);
        withView(request, view -> {
            if (!view.list().contains(name)) {
                throw new FuseException(Errno.ENODATA);
            }
            ByteBuffer value = ByteBuffer.allocate(Math.min(view.size(name), MAX_VALUE));
            view.read(name, value);
            answer(reply, room, Arrays.copyOf(value.array(), value.position()));
        });
    }

    void listxattr(FuseRequest request, FuseReply reply) throws IOException {
        int room = request.u32();
        withView(request, view -> {
            StringBuilder names = new StringBuilder();
            for (String name : view.list()) {
                names.append(USER).append(name).append('\0');
            }
            byte[] bytes = names.toString().getBytes(StandardCharsets.UTF_8);
            if (bytes.length > ALL_NAMES) {
                throw new FuseException(Errno.E2BIG);
            }
            answer(reply, room, bytes);
        });
    }

    /** A caller that has no room asks for the size. */
    private static void answer(FuseReply reply, int room, byte[] value) throws FuseException {
        if (room == 0) {
            reply.u32(value.length).u32(0);
        } else if (Integer.compareUnsigned(value.length, room) > 0) {
            throw new FuseException(Errno.ERANGE);
        } else {
            reply.bytes(value);
        }
    }

    void setxattr(FuseRequest request) throws IOException {
        int size = request.u32();
        int flags = request.u32();
        String name = attribute(request, Errno.EOPNOTSUPP);
        if (size < 0 || size > MAX_VALUE) {
            throw new FuseException(Errno.E2BIG);
        }
        ByteBuffer value = request.data(size);
        withView(request, view -> {
            boolean there = view.list().contains(name);
            if (there && (flags & XATTR_CREATE) != 0) {
                throw new FuseException(Errno.EEXIST);
            }
            if (!there && (flags & XATTR_REPLACE) != 0) {
                throw new FuseException(Errno.ENODATA);
            }
            view.write(name, value);
        });
    }

    void removexattr(FuseRequest request) throws IOException {
        String name = attribute(request, Errno.EOPNOTSUPP);
        withView(request, view -> {
            if (!view.list().contains(name)) {
                throw new FuseException(Errno.ENODATA);
            }
            view.delete(name);
        });
    }
}
