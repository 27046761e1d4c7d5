package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;

/** Requests that list folders. */
final class FolderRequests {
    /** Lengths of struct fuse_dirent without its name, and of struct fuse_entry_out. */
    private static final int DIRENT = 24;

    private static final int ENTRY = 40 + FileAttributes.LENGTH;
    /** The replacement of bytes that are not text: such a name could not be looked up. */
    private static final char UNREADABLE = '\ufffd';

    private final Share share;
    private final SharedTree tree;

    FolderRequests(Share share) {
        this.share = share;
        this.tree = share.tree;
    }

    void opendir(FuseRequest request, FuseReply reply) throws IOException {
        Inode inode = share.inode(request);
        share.folders.requireRoom();
        OpenFolder folder = new OpenFolder(inode);
        folder.seek(tree, 0);
        Share.handle(reply, share.folders.add(folder));
        share.opened(inode, 1);
    }

    /** @param plus whether each entry comes with what a LOOKUP would tell, and counts as one */
    void readdir(FuseRequest request, FuseReply reply, boolean plus) throws IOException {
        OpenFolder folder = share.folders.get(request.u64());
        long offset = request.u64();
        int size = request.u32();
        if (size < 0) {
            throw new FuseException(Errno.EINVAL);
        }
        int end = reply.room() - Math.min(size, reply.room());
        folder.seek(tree, offset);
        for (String name = folder.next(); name != null; name = folder.next()) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            int length = DIRENT + (bytes.length + 7 & -8) + (plus ? ENTRY : 0);
            if (reply.room() - end < length) {
                return;
            }
            long next = folder.taken();
            if (name.indexOf(UNREADABLE) < 0 && bytes.length <= FuseRequest.MAX_NAME) {
                entry(folder.inode(), name, bytes, next, reply, plus);
            }
        }
    }

    private void entry(Inode folder, String name, byte[] bytes, long next, FuseReply reply, boolean plus) throws IOException {
        boolean dots = name.equals(".") || name.equals("..");
        FileAttributes seen = null;
        if (!dots) {
            try {
                seen = tree.look(folder, name);
            } catch (IOException e) {
                if (HostErrors.of(e) == Errno.ENOENT) {
                    return; // Removed since it was listed.
                }
                throw e;
            }
        }
        if (plus) {
            // A full table is no reason not to list: node 0 says that the entry was not looked up.
            if (dots || tree.inodes().size() >= InodeTable.LIMIT / 2) {
                reply.zeroes(ENTRY);
            } else {
                Inode inode = tree.enter(new Inode.Place(folder, name), seen);
                share.entry(reply, inode, seen);
            }
        }
        long number = dots ? folder.id : seen.inode() != 0 ? seen.inode() : Integer.toUnsignedLong(name.hashCode()) + 1;
        int type = dots ? FileAttributes.DIRECTORY >>> 12 : seen.direntType();
        reply.u64(number).u64(next).u32(bytes.length).u32(type).bytes(bytes).zeroes(-bytes.length & 7);
    }

    void releasedir(FuseRequest request) throws IOException {
        OpenFolder folder = share.folders.remove(request.u64());
        share.opened(folder.inode(), -1);
        folder.close();
    }

    void fsyncdir(FuseRequest request) throws IOException {
        OpenFolder folder = share.folders.get(request.u64());
        try (FileChannel channel = FileChannel.open(tree.path(folder.inode()), StandardOpenOption.READ)) {
            channel.force(true);
        } catch (UnsupportedOperationException e) {
            throw new FuseException(Errno.ENOSYS);
        }
    }
}
