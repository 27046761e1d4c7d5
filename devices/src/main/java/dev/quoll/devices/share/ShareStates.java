package dev.quoll.devices.share;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Saves and restores what a server knows. */
final class ShareStates {
    private ShareStates() {}

    static ShareState save(FuseServer server) {
        Share share = server.share();
        List<ShareState.SavedInode> inodes = new ArrayList<>();
        List<ShareState.SavedPlace> places = new ArrayList<>();
        share.tree.inodes().all().stream().sorted(Comparator.comparingLong(inode -> inode.id)).forEach(inode -> {
            inodes.add(new ShareState.SavedInode(inode.id, inode.lookups));
            inode.places().forEach(place -> places.add(new ShareState.SavedPlace(inode.id, place.folder().id, place.name())));
        });
        List<ShareState.SavedFile> files = new ArrayList<>();
        share.files.all().forEach((handle, file) -> files.add(new ShareState.SavedFile(handle, file.inode().id, file.flags())));
        files.sort(Comparator.comparingLong(ShareState.SavedFile::handle));
        List<ShareState.SavedFolder> folders = new ArrayList<>();
        share.folders.all().forEach((handle, folder) -> folders.add(new ShareState.SavedFolder(handle, folder.inode().id)));
        folders.sort(Comparator.comparingLong(ShareState.SavedFolder::handle));
        return new ShareState(
                server.initialised(),
                share.tree.inodes().next(),
                share.files.next(),
                share.folders.next(),
                inodes,
                places,
                files,
                folders);
    }

    /** @throws IOException when something that was open before cannot be closed */
    static void restore(FuseServer server, ShareState state) throws IOException {
        Share share = server.share();
        server.reset();
        server.setInitialised(state.initialised());
        InodeTable table = share.tree.inodes();
        for (ShareState.SavedInode saved : state.inodes()) {
            table.restore(saved.number(), state.nextInode()).lookups = saved.lookups();
        }
        // The likeliest place of an inode is settled last.
        for (ShareState.SavedPlace place : state.places().reversed()) {
            table.settle(table.get(place.inode()), new Inode.Place(table.get(place.folder()), place.name()), false);
        }
        share.files.restoreNext(state.nextFile());
        for (ShareState.SavedFile file : state.files()) {
            Inode inode = table.get(file.inode());
            share.files.restore(file.handle(), new OpenFile(inode, file.flags(), null));
            inode.handles++;
        }
        share.folders.restoreNext(state.nextFolder());
        for (ShareState.SavedFolder folder : state.folders()) {
            Inode inode = table.get(folder.inode());
            share.folders.restore(folder.handle(), new OpenFolder(inode));
            inode.handles++;
        }
    }
}
