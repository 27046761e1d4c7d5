package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Requests that look names up, make, move and remove them. */
final class NameRequests {
    private static final int RENAME_NOREPLACE = 1;

    private final Share share;
    private final SharedTree tree;
    private final AttributeRequests attributes;

    NameRequests(Share share, AttributeRequests attributes) {
        this.share = share;
        this.tree = share.tree;
        this.attributes = attributes;
    }

    void lookup(FuseRequest request, FuseReply reply) throws IOException {
        enter(share.inode(request), request.name(), reply);
    }

    private void enter(Inode folder, String name, FuseReply reply) throws IOException {
        Inode inode = tree.enter(folder, name);
        share.entry(reply, inode, inode.attributes);
    }

    void readlink(FuseRequest request, FuseReply reply) throws IOException {
        Path target = Files.readSymbolicLink(tree.where(share.inode(request)));
        reply.bytes(target.toString().getBytes(StandardCharsets.UTF_8));
    }

    void symlink(FuseRequest request, FuseReply reply) throws IOException {
        Inode folder = share.inode(request);
        String name = request.name();
        String target = request.text(FuseRequest.MAX_TARGET);
        if (target.isEmpty()) {
            throw new FuseException(Errno.ENOENT);
        }
        Files.createSymbolicLink(tree.path(folder, name), tree.foreignPath(target));
        enter(folder, name, reply);
    }

    void mknod(FuseRequest request, FuseReply reply) throws IOException {
        int mode = request.u32();
        request.skip(12);
        if ((mode & FileAttributes.TYPE) != FileAttributes.REGULAR && (mode & FileAttributes.TYPE) != 0) {
            throw new FuseException(Errno.EPERM);
        }
        Inode folder = share.inode(request);
        String name = request.name();
        Path path = tree.path(folder, name);
        try (FileChannel made = OpenFile.create(path, OpenFile.O_WRONLY)) {
            assert made.isOpen();
        }
        attributes.permit(folder, name, mode);
        enter(folder, name, reply);
    }

    void mkdir(FuseRequest request, FuseReply reply) throws IOException {
        int mode = request.u32();
        request.skip(4);
        Inode folder = share.inode(request);
        String name = request.name();
        Files.createDirectory(tree.path(folder, name));
        attributes.permit(folder, name, mode);
        enter(folder, name, reply);
    }

    void unlink(FuseRequest request) throws IOException {
        remove(request, false);
    }

    void rmdir(FuseRequest request) throws IOException {
        remove(request, true);
    }

    private void remove(FuseRequest request, boolean isFolder) throws IOException {
        Inode folder = share.inode(request);
        String name = request.name();
        if (tree.look(folder, name).isDirectory() != isFolder) {
            throw new FuseException(isFolder ? Errno.ENOTDIR : Errno.EISDIR);
        }
        Inode.Place place = new Inode.Place(folder, name);
        keepOpen(place);
        Files.delete(tree.path(folder, name));
        tree.inodes().vacant(place);
    }

    /** A file opened before a restore and not used since would be out of reach without its name. */
    private void keepOpen(Inode.Place place) throws IOException {
        Inode inode = tree.inodes().seenAt(place);
        if (inode != null) {
            share.channelOf(inode);
        }
    }

    void rename(FuseRequest request) throws IOException {
        rename(request, request.u64(), 0);
    }

    void rename2(FuseRequest request) throws IOException {
        long to = request.u64();
        int flags = request.u32();
        request.skip(4);
        rename(request, to, flags);
    }

    private void rename(FuseRequest request, long toFolder, int flags) throws IOException {
        Inode.Place from = new Inode.Place(share.inode(request), request.name());
        Inode.Place to = new Inode.Place(tree.inodes().get(toFolder), request.name());
        if ((flags & ~RENAME_NOREPLACE) != 0) {
            throw new FuseException(Errno.EINVAL);
        }
        FileAttributes moved = tree.look(from.folder(), from.name());
        requireReplaceable(to, moved, flags);
        keepOpen(to);
        Files.move(
                tree.path(from.folder(), from.name()),
                tree.path(to.folder(), to.name()),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        if (from.equals(to)) {
            return;
        }
        Inode inode = tree.inodes().seenAt(from);
        if (inode == null) {
            tree.inodes().vacant(to);
            return;
        }
        // Two names of one file: rename(2) leaves both.
        Inode replaced = tree.inodes().seenAt(to);
        if (replaced == inode && !moved.isDirectory()) {
            return;
        }
        tree.inodes().settle(inode, to, moved.isDirectory());
        tree.inodes().vacant(from);
    }

    /** rename(2)'s rules, which not every file system's move has. */
    private void requireReplaceable(Inode.Place to, FileAttributes moved, int flags) throws IOException {
        FileAttributes there;
        try {
            there = tree.look(to.folder(), to.name());
        } catch (IOException e) {
            if (HostErrors.of(e) == Errno.ENOENT) {
                return;
            }
            throw e;
        }
        if ((flags & RENAME_NOREPLACE) != 0) {
            throw new FuseException(Errno.EEXIST);
        }
        if (there.isDirectory() != moved.isDirectory()) {
            throw new FuseException(there.isDirectory() ? Errno.EISDIR : Errno.ENOTDIR);
        }
    }

    void link(FuseRequest request, FuseReply reply) throws IOException {
        Inode file = tree.inodes().get(request.u64());
        Inode folder = share.inode(request);
        String name = request.name();
        if (file.attributes != null && file.attributes.isDirectory()) {
            throw new FuseException(Errno.EPERM);
        }
        Files.createLink(tree.path(folder, name), tree.where(file));
        enter(folder, name, reply);
    }

    void forget(FuseRequest request) {
        tree.inodes().forget(request.node(), request.u64());
    }

    void batchForget(FuseRequest request) {
        int count = request.u32();
        request.skip(4);
        for (int i = 0; i < count && request.remaining() >= 16; i++) {
            tree.inodes().forget(request.u64(), request.u64());
        }
    }
}
