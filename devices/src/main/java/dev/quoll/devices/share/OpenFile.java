package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/** A regular file that the guest has open. */
final class OpenFile implements Closeable {
    /** Flags of open(2) that the protocol passes on, with their numbers on x86-64. */
    static final int O_ACCMODE = 3;

    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_EXCL = 0200;
    static final int O_TRUNC = 01000;
    static final int O_APPEND = 02000;

    private final Inode inode;
    private final int flags;
    /** Null after a restore, until it is used. */
    private FileChannel channel;

    OpenFile(Inode inode, int flags, FileChannel channel) {
        this.inode = inode;
        this.flags = flags;
        this.channel = channel;
    }

    Inode inode() {
        return inode;
    }

    int flags() {
        return flags;
    }

    boolean readable() {
        return (flags & O_ACCMODE) != O_WRONLY;
    }

    boolean writable() {
        return (flags & O_ACCMODE) != 0;
    }

    boolean appends() {
        return (flags & O_APPEND) != 0;
    }

    /** The file on the host. @throws FuseException EBADF when it is not open for what is to be done */
    FileChannel channel(SharedTree tree, boolean toWrite) throws IOException {
        if (toWrite ? !writable() : !readable()) {
            throw new FuseException(Errno.EBADF);
        }
        return channel(tree);
    }

    FileChannel channel(SharedTree tree) throws IOException {
        if (channel == null) {
            channel = open(tree, inode, flags & ~(O_TRUNC | O_EXCL));
        }
        return channel;
    }

    /** Opens a file that exists. */
    static FileChannel open(SharedTree tree, Inode inode, int flags) throws IOException {
        return tree.with(inode, (path, options) -> {
            Set<OpenOption> how = how(flags);
            how.addAll(Set.of(options));
            return FileChannel.open(path, how);
        });
    }

    /** Opens for reading, writing or both, and truncates where asked to. */
    static Set<OpenOption> how(int flags) {
        EnumSet<StandardOpenOption> how = EnumSet.noneOf(StandardOpenOption.class);
        int access = flags & O_ACCMODE;
        if (access != O_WRONLY) {
            how.add(StandardOpenOption.READ);
        }
        if (access != 0) {
            how.add(StandardOpenOption.WRITE);
        }
        if ((flags & O_TRUNC) != 0 && access != 0) {
            how.add(StandardOpenOption.TRUNCATE_EXISTING);
        }
        return new HashSet<>(how);
    }

    /** Makes a file that does not exist yet; a symbolic link at its name counts as existing. */
    static FileChannel create(Path path, int flags) throws IOException {
        Set<OpenOption> how = how(flags & ~O_TRUNC);
        how.add(StandardOpenOption.WRITE);
        how.add(StandardOpenOption.CREATE_NEW);
        return FileChannel.open(path, how);
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
