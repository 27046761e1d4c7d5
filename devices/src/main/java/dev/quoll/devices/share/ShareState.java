package dev.quoll.devices.share;

import java.util.List;

/**
 * What a guest knows of a share, for snapshots. The files themselves are not in it: they are looked for at their names when the guest
 * next uses them, and what is not there any more is an error then (ESTALE).
 *
 * @param initialised whether a session is open
 * @param nextInode the next inode number
 * @param nextFile the next handle of a file
 * @param nextFolder the next handle of a folder
 */
public record ShareState(
        boolean initialised,
        long nextInode,
        long nextFile,
        long nextFolder,
        List<SavedInode> inodes,
        List<SavedPlace> places,
        List<SavedFile> files,
        List<SavedFolder> folders) {
    /** An inode and the references the guest holds. */
    public record SavedInode(long number, long lookups) {}

    /** A name of an inode; those of one inode in the order in which they are tried. */
    public record SavedPlace(long inode, long folder, String name) {}

    /** An open file. @param flags those of open(2) */
    public record SavedFile(long handle, long inode, int flags) {}

    /** A folder open for listing; its offset is in the guest's requests. */
    public record SavedFolder(long handle, long inode) {}
}
