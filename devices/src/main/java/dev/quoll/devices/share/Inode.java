package dev.quoll.devices.share;

import java.util.ArrayList;
import java.util.List;

/**
 * A file or folder that the guest knows by number. Where it is found on the host is known by name, relative to another inode; a name
 * is checked against the identity of what is there each time it is used.
 */
final class Inode {
    /** Names kept for one file: enough for a guest to work on several hard links of it. */
    private static final int MOST_PLACES = 4;

    /** One name. Equal when folder and name are. */
    record Place(Inode folder, String name) {}

    final long id;
    /** References that the guest holds (the lookup count of the protocol). */
    long lookups;
    /** Open handles. */
    int handles;
    /** Places of other inodes that lie in this one. */
    int children;
    /** Identity on the host, or null when not known: not looked at yet, or the file system has none. */
    Object key;
    /** As last seen. */
    FileAttributes attributes;
    private final List<Place> places = new ArrayList<>(1);

    Inode(long id) {
        this.id = id;
    }

    /** Where it may be found, the likeliest first. */
    List<Place> places() {
        return places;
    }

    /** Whether anything still needs it. */
    boolean needed() {
        return lookups != 0 || handles != 0 || children != 0;
    }

    /** Notes that it was just found at a place. A folder has only one. @return a place given up for it, or null */
    Place foundAt(Place place, boolean onlyOne) {
        if (places.remove(place)) {
            places.addFirst(place);
            return null;
        }
        place.folder().children++;
        places.addFirst(place);
        return places.size() > (onlyOne ? 1 : MOST_PLACES) ? places.removeLast() : null;
    }
}
