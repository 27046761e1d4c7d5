package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeAccess;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** The shared folder by inodes: from the guest's numbers to files of the host, and back. For one thread at a time. */
final class SharedTree implements AutoCloseable {
    private static final LinkOption[] NO_FOLLOW = {LinkOption.NOFOLLOW_LINKS};

    private final Path root;
    private final FolderAccess access;
    private final FileAttributes.Source source;
    private final InodeTable inodes;

    SharedTree(Path root) {
        this.root = root;
        boolean held = root.getFileSystem() == FileSystems.getDefault() && NativeAccess.available() && HeldFolders.possible();
        access = held ? new HeldFolders(root) : new WalkedFolders(root);
        source = FileAttributes.Source.of(root.getFileSystem());
        inodes = new InodeTable(access::drop);
    }

    InodeTable inodes() {
        return inodes;
    }

    FileAttributes.Source source() {
        return source;
    }

    /** A path of the shared file system, for the target of a symbolic link. */
    Path foreignPath(String text) {
        return root.getFileSystem().getPath(text);
    }

    /** Where a folder's entries are reached. */
    Path path(Inode folder) throws IOException {
        if (folder.id != InodeTable.ROOT && folder.attributes != null && !folder.attributes.isDirectory()) {
            throw new FuseException(Errno.ENOTDIR);
        }
        return access.folder(folder, (path, options) -> isStill(folder, source.read(path, options)));
    }

    /** Where an entry of a folder is, whether there is one or not. */
    Path path(Inode folder, String name) throws IOException {
        Path in = path(folder);
        Path single = in.getFileSystem().getPath(name);
        // A name that this file system takes for more than a name would lead elsewhere.
        if (single.isAbsolute() || single.getNameCount() != 1 || !single.toString().equals(name)) {
            throw new FuseException(Errno.EINVAL);
        }
        return in.resolve(single);
    }

    /** What is at a name now, without following a symbolic link. */
    FileAttributes look(Inode folder, String name) throws IOException {
        return source.read(path(folder, name), NO_FOLLOW);
    }

    /** The inode at a name, with one more reference of the guest's. */
    Inode enter(Inode folder, String name) throws IOException {
        Inode.Place place = new Inode.Place(folder, name);
        FileAttributes seen;
        try {
            seen = look(folder, name);
        } catch (IOException e) {
            if (HostErrors.of(e) == Errno.ENOENT) {
                inodes.vacant(place);
            }
            throw e;
        }
        return enter(place, seen);
    }

    /** As {@link #enter(Inode, String)}, of what was just seen there. */
    Inode enter(Inode.Place place, FileAttributes seen) throws FuseException {
        Inode inode = inodes.at(place, seen);
        inode.lookups++;
        return inode;
    }

    /** Looks anew at an inode. @throws FuseException ESTALE when it is not where it was seen */
    FileAttributes attributes(Inode inode) throws IOException {
        FileAttributes seen = inode.id == InodeTable.ROOT || inode.attributes != null && inode.attributes.isDirectory()
                ? source.read(path(inode), access.folderOptions())
                : source.read(where(inode), NO_FOLLOW);
        inodes.adopt(inode, seen);
        return seen;
    }

    /** The path of a file or symbolic link, at the first of its names where it still is. */
    Path where(Inode inode) throws IOException {
        if (inode.id == InodeTable.ROOT) {
            throw new FuseException(Errno.EINVAL);
        }
        for (Inode.Place place : List.copyOf(inode.places())) {
            try {
                Path path = path(place.folder(), place.name());
                if (isStill(inode, source.read(path, NO_FOLLOW))) {
                    return path;
                }
            } catch (IOException e) {
                if (HostErrors.of(e) != Errno.ENOENT) {
                    throw e;
                }
            }
            if (inode.places().size() > 1) {
                inodes.vacant(place);
            }
        }
        throw new FuseException(Errno.ESTALE);
    }

    /** Does something with a folder or a regular file that is held fast meanwhile. Other kinds of files are refused. */
    <T> T with(Inode inode, FolderAccess.Action<T> action) throws IOException {
        if (inode.id == InodeTable.ROOT || inode.attributes != null && inode.attributes.isDirectory()) {
            return action.with(path(inode), access.folderOptions());
        }
        return access.hold(where(inode), (path, options) -> {
            FileAttributes seen = source.read(path, options);
            if (isStill(inode, seen) && !seen.isRegular()) {
                throw new FuseException(Errno.EACCES);
            }
            return isStill(inode, seen);
        }, action);
    }

    /** Does something with a file or folder that was just made at a name. */
    <T> T withNew(Inode folder, String name, FolderAccess.Action<T> action) throws IOException {
        return access.hold(path(folder, name), (path, options) -> {
            FileAttributes seen = source.read(path, options);
            return seen.isRegular() || seen.isDirectory();
        }, action);
    }

    /** A file system without identities has names only. */
    private static boolean isStill(Inode inode, FileAttributes seen) {
        boolean sameKey = inode.key == null || seen.key() == null || inode.key.equals(seen.key());
        return sameKey
                && (inode.attributes == null
                        || (inode.attributes.mode() & FileAttributes.TYPE) == (seen.mode() & FileAttributes.TYPE));
    }

    /** Forgets all the guest knows. */
    void clear() {
        inodes.clear();
    }

    /** The file store's figures are asked of this. */
    FileStore store() throws IOException {
        return Files.getFileStore(path(inodes.root()));
    }

    @Override
    public void close() {
        clear();
        access.close();
    }
}
