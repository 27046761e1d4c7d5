package dev.quoll.devices.share;

import java.io.IOException;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** How the host's files are reached so that nothing outside the shared folder can be. For one thread at a time. */
interface FolderAccess extends AutoCloseable {
    /** Something done with a file that is held fast. */
    @FunctionalInterface
    interface Action<T> {
        /**
         * @param path leads to the file and nothing else
         * @param options to be given along with the path
         */
        T with(Path path, LinkOption... options) throws IOException;
    }

    /** Whether what is found at a path is what it should be. */
    @FunctionalInterface
    interface Check {
        boolean holds(Path path, LinkOption... options) throws IOException;
    }

    /**
     * A path to a folder, to which one name may be added. The last two given stay valid.
     *
     * @param check whether the folder is still the one that was known
     * @throws FuseException ESTALE when it is not
     */
    Path folder(Inode folder, Check check) throws IOException;

    /** How the attributes of {@link #folder}'s path itself are asked for. */
    LinkOption[] folderOptions();

    /**
     * Holds what is at a name, without following a symbolic link.
     *
     * @param path a path of {@link #folder} and a name
     * @param check looked at once it is held
     * @throws FuseException ESTALE when the check fails
     */
    <T> T hold(Path path, Check check, Action<T> action) throws IOException;

    /** The inode will not be used again. */
    void drop(Inode inode);

    @Override
    void close();
}
