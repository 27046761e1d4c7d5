package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Any file system of java.nio: paths from the shared folder down, with each step looked at before use. A guest cannot get between look
 * and use, because its requests are served one after the other; another process of the host that can write to the folder could, where
 * the file system has symbolic links at all.
 */
final class WalkedFolders implements FolderAccess {
    private static final LinkOption[] NO_FOLLOW = {LinkOption.NOFOLLOW_LINKS};

    private final Path root;
    /** The JDK's zip file system has no symbolic links, and refuses the option when a file is opened. */
    private final LinkOption[] itself;

    WalkedFolders(Path root) {
        this.root = root;
        itself = root.getFileSystem().provider().getScheme().equals("jar") ? new LinkOption[0] : NO_FOLLOW;
    }

    @Override
    public LinkOption[] folderOptions() {
        return NO_FOLLOW;
    }

    @Override
    public Path folder(Inode folder, Check check) throws IOException {
        Deque<String> names = new ArrayDeque<>();
        for (Inode at = folder; at.id != InodeTable.ROOT; at = at.places().getFirst().folder()) {
            if (at.places().isEmpty()) {
                throw new FuseException(Errno.ESTALE);
            }
            if (names.size() == HeldFolders.DEEPEST) {
                throw new FuseException(Errno.ELOOP);
            }
            names.push(at.places().getFirst().name());
        }
        Path path = root;
        for (String name : names) {
            path = path.resolve(name);
            if (!Files.isDirectory(path, NO_FOLLOW)) {
                throw new FuseException(Errno.ENOTDIR);
            }
        }
        if (!names.isEmpty() && !check.holds(path, NO_FOLLOW)) {
            throw new FuseException(Errno.ESTALE);
        }
        return path;
    }

    @Override
    public <T> T hold(Path path, Check check, Action<T> action) throws IOException {
        if (!check.holds(path, itself)) {
            throw new FuseException(Errno.ESTALE);
        }
        return action.with(path, itself);
    }

    @Override
    public void drop(Inode inode) {
        // Nothing is held.
    }

    @Override
    public void close() {
        // The file system belongs to whoever made it.
    }
}
