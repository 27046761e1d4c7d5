package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Requests on the content of files. */
final class FileRequests {
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int FATTR_DATASYNC = 1;
    /** Bytes copied on the host for one request, so that other requests wait no longer than for a large write. */
    private static final long MAX_COPY = 16L << 20;

    private final Share share;
    private final SharedTree tree;
    private final AttributeRequests attributes;

    FileRequests(Share share, AttributeRequests attributes) {
        this.share = share;
        this.tree = share.tree;
        this.attributes = attributes;
    }

    void open(FuseRequest request, FuseReply reply, boolean readOnly) throws IOException {
        int flags = request.u32();
        request.skip(4);
        if (readOnly && (flags & (OpenFile.O_ACCMODE | OpenFile.O_TRUNC)) != 0) {
            throw new FuseException(Errno.EROFS);
        }
        Inode inode = share.inode(request);
        if (inode.attributes == null) {
            tree.attributes(inode);
        }
        if (!inode.attributes.isRegular()) {
            throw new FuseException(inode.attributes.isDirectory() ? Errno.EISDIR : Errno.EACCES);
        }
        share.files.requireRoom();
        FileChannel channel = OpenFile.open(tree, inode, flags);
        Share.handle(reply, share.files.add(new OpenFile(inode, flags, channel)));
        share.opened(inode, 1);
    }

    void create(FuseRequest request, FuseReply reply) throws IOException {
        int flags = request.u32();
        int mode = request.u32();
        request.skip(8);
        Inode folder = share.inode(request);
        String name = request.name();
        share.files.requireRoom();
        Path path = tree.path(folder, name);
        FileChannel channel = null;
        try {
            channel = OpenFile.create(path, flags);
            if (tree.source() == FileAttributes.Source.BASIC) {
                // A new file in a zip file is there once it has been closed.
                channel.close();
                channel = null;
            } else {
                attributes.permit(folder, name, mode);
            }
        } catch (IOException e) {
            if (channel != null) {
                channel.close();
            }
            if (channel != null || HostErrors.of(e) != Errno.EEXIST || (flags & OpenFile.O_EXCL) != 0) {
                throw e;
            }
        }
        Inode inode = tree.enter(folder, name);
        try {
            OpenFile file = new OpenFile(inode, flags, channel != null ? channel : OpenFile.open(tree, inode, flags));
            share.entry(reply, inode, inode.attributes);
            Share.handle(reply, share.files.add(file));
            share.opened(inode, 1);
        } catch (IOException e) {
            tree.inodes().forget(inode.id, 1);
            throw e;
        }
    }

    void read(FuseRequest request, FuseReply reply) throws IOException {
        FileChannel channel = share.files.get(request.u64()).channel(tree, false);
        long offset = offset(request.u64());
        int size = Math.min(request.u32(), reply.room());
        if (size < 0) {
            throw new FuseException(Errno.EINVAL);
        }
        ByteBuffer target = reply.area(size);
        while (target.hasRemaining()) {
            int count = channel.read(target, offset + target.position());
            if (count < 0) {
                break;
            }
        }
        reply.advance(target.position());
    }

    void write(FuseRequest request, FuseReply reply) throws IOException {
        OpenFile file = share.files.get(request.u64());
        FileChannel channel = file.channel(tree, true);
        long offset = offset(request.u64());
        int size = request.u32();
        request.skip(20);
        if (size < 0 || size > request.remaining() || size > Long.MAX_VALUE - offset) {
            throw new FuseException(Errno.EINVAL);
        }
        ByteBuffer data = request.data(size);
        long at = file.appends() ? channel.size() : offset;
        int done = 0;
        while (data.hasRemaining()) {
            done += channel.write(data, at + done);
        }
        reply.u32(done).u32(0);
    }

    private static long offset(long offset) throws FuseException {
        if (offset < 0) {
            throw new FuseException(Errno.EINVAL);
        }
        return offset;
    }

    void release(FuseRequest request) throws IOException {
        OpenFile file = share.files.remove(request.u64());
        share.opened(file.inode(), -1);
        file.close();
    }

    /** What was written is with the host already; errors came with the writes. */
    void flush(FuseRequest request) throws IOException {
        share.files.get(request.u64());
    }

    void fsync(FuseRequest request) throws IOException {
        OpenFile file = share.files.get(request.u64());
        file.channel(tree).force((request.u32() & FATTR_DATASYNC) == 0);
    }

    /** Every byte counts as data, with the hole behind the end that lseek(2) allows. */
    void lseek(FuseRequest request, FuseReply reply) throws IOException {
        long size = share.files.get(request.u64()).channel(tree).size();
        long offset = offset(request.u64());
        int whence = request.u32();
        if (whence != SEEK_DATA && whence != SEEK_HOLE) {
            throw new FuseException(Errno.EINVAL);
        }
        if (offset >= size) {
            throw new FuseException(Errno.ENXIO);
        }
        reply.u64(whence == SEEK_DATA ? offset : size);
    }

    void copyFileRange(FuseRequest request, FuseReply reply) throws IOException {
        FileChannel from = share.files.get(request.u64()).channel(tree, false);
        long fromOffset = offset(request.u64());
        request.u64();
        OpenFile target = share.files.get(request.u64());
        FileChannel to = target.channel(tree, true);
        long toOffset = offset(request.u64());
        long length = request.u64();
        long count = Long.compareUnsigned(length, MAX_COPY) > 0 ? MAX_COPY : length;
        if (target.appends() || count > Long.MAX_VALUE - toOffset) {
            throw new FuseException(Errno.EINVAL);
        }
        to.position(toOffset);
        long done = from.transferTo(fromOffset, count, to);
        reply.u32((int) done).u32(0);
    }
}
