package dev.quoll.devices.share;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** What all requests work on: the folder, what the guest has open of it, and how it is shown. */
final class Share implements AutoCloseable {
    /** For how long the guest may rely on names and attributes, in seconds: the host may change them at any time. */
    private static final long VALID_SECONDS = 1;

    final SharedTree tree;
    final Ownership ownership;
    final HandleTable<OpenFile> files = new HandleTable<>();
    final HandleTable<OpenFolder> folders = new HandleTable<>();

    Share(SharedTree tree, Ownership ownership) {
        this.tree = tree;
        this.ownership = ownership;
    }

    Inode inode(FuseRequest request) throws FuseException {
        return tree.inodes().get(request.node());
    }

    /** Writes struct fuse_entry_out. */
    void entry(FuseReply reply, Inode inode, FileAttributes attributes) {
        reply.u64(inode.id).u64(0).u64(VALID_SECONDS).u64(VALID_SECONDS).u32(0).u32(0);
        attributes.write(reply, number(inode, attributes), ownership);
    }

    /** Writes struct fuse_attr_out. */
    void attributes(FuseReply reply, Inode inode, FileAttributes attributes) {
        reply.u64(VALID_SECONDS).u32(0).u32(0);
        attributes.write(reply, number(inode, attributes), ownership);
    }

    /** Writes struct fuse_open_out. */
    static void handle(FuseReply reply, long handle) {
        reply.u64(handle).u32(0).u32(0);
    }

    private static long number(Inode inode, FileAttributes attributes) {
        return attributes.inode() != 0 ? attributes.inode() : inode.id;
    }

    /** Looks at an inode; one that has been removed is still there for who has it open. */
    FileAttributes look(Inode inode) throws IOException {
        try {
            FileAttributes seen = tree.attributes(inode);
            // In a zip file, what has been written counts once the file is closed; its writer sees it before.
            FileChannel open = tree.source() == FileAttributes.Source.BASIC ? channelOf(inode) : null;
            return open == null ? seen : seen.with(open.size(), seen.links());
        } catch (FuseException e) {
            FileChannel open = channelOf(inode);
            if (open == null || inode.attributes == null) {
                throw e;
            }
            return inode.attributes.with(open.size(), 0);
        }
    }

    /** Some open channel of an inode, or null. */
    FileChannel channelOf(Inode inode) throws IOException {
        if (inode.handles > 0) {
            for (OpenFile file : files.all().values()) {
                if (file.inode() == inode) {
                    return file.channel(tree);
                }
            }
        }
        return null;
    }

    /** Counts a handle of an inode in or out. */
    void opened(Inode inode, int change) {
        inode.handles += change;
        tree.inodes().dropUnneeded(inode);
    }

    /** Closes and forgets everything the guest has. */
    void clear() throws IOException {
        try {
            files.clear();
        } finally {
            folders.clear();
            tree.clear();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            clear();
        } finally {
            tree.close();
        }
    }
}
