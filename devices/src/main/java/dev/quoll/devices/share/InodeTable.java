package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * All inodes a guest knows, bounded in number: an inode stays while the guest refers to it, has it open, or refers to something in it,
 * so nothing outside the table is kept alive by what is in it. Within a session, numbers are never used again.
 */
final class InodeTable {
    static final long ROOT = 1;
    static final int LIMIT = 1 << 18;

    private final Map<Long, Inode> byNumber = new HashMap<>();
    private final Map<Object, Inode> byKey = new HashMap<>();
    private final Map<Inode.Place, Inode> byPlace = new HashMap<>();
    private final Consumer<Inode> dropped;
    private long next;

    /** @param dropped hears of each inode that leaves the table */
    InodeTable(Consumer<Inode> dropped) {
        this.dropped = dropped;
        clear();
    }

    /** Forgets all but the root. */
    void clear() {
        byNumber.values().forEach(dropped);
        byNumber.clear();
        byKey.clear();
        byPlace.clear();
        byNumber.put(ROOT, new Inode(ROOT));
        next = ROOT + 1;
    }

    Inode root() {
        return byNumber.get(ROOT);
    }

    Inode get(long number) throws FuseException {
        Inode inode = byNumber.get(number);
        if (inode == null) {
            throw new FuseException(Errno.ESTALE);
        }
        return inode;
    }

    Collection<Inode> all() {
        return byNumber.values();
    }

    int size() {
        return byNumber.size();
    }

    long next() {
        return next;
    }

    /** Puts an inode of a saved state back. */
    Inode restore(long number, long nextNumber) {
        next = nextNumber;
        return byNumber.computeIfAbsent(number, Inode::new);
    }

    /** The inode of what was just seen at a place, made when there is none. The caller sees to it that something refers to it. */
    Inode at(Inode.Place place, FileAttributes seen) throws FuseException {
        Inode inode = seen.key() == null ? null : byKey.get(seen.key());
        if (inode == null) {
            Inode former = byPlace.get(place);
            if (former != null && (former.key == null || seen.key() == null) && sameType(former, seen)) {
                inode = former;
            }
        }
        if (inode == null) {
            if (byNumber.size() >= LIMIT) {
                throw new FuseException(Errno.ENFILE);
            }
            inode = new Inode(next++);
            byNumber.put(inode.id, inode);
        }
        adopt(inode, seen);
        settle(inode, place, seen.isDirectory());
        return inode;
    }

    private static boolean sameType(Inode inode, FileAttributes seen) {
        return inode.attributes == null
                || (inode.attributes.mode() & FileAttributes.TYPE) == (seen.mode() & FileAttributes.TYPE);
    }

    /** Notes what an inode was seen to be. */
    void adopt(Inode inode, FileAttributes seen) {
        inode.attributes = seen;
        if (inode.key == null && seen.key() != null) {
            inode.key = seen.key();
            byKey.put(inode.key, inode);
        }
    }

    /** Notes a name of an inode. */
    void settle(Inode inode, Inode.Place place, boolean onlyOne) {
        // First the new name, so that its folder does not seem unneeded when the old one goes.
        Inode.Place given = inode.foundAt(place, onlyOne);
        Inode former = byPlace.put(place, inode);
        if (former != null && former != inode) {
            leave(former, place);
        }
        if (given != null) {
            vacate(inode, given);
        }
    }

    /** The inode last seen at a place, or null. */
    Inode seenAt(Inode.Place place) {
        return byPlace.get(place);
    }

    /** Nothing is at a place any more. */
    void vacant(Inode.Place place) {
        Inode inode = byPlace.get(place);
        if (inode != null) {
            leave(inode, place);
        }
    }

    private void leave(Inode inode, Inode.Place place) {
        if (inode.places().remove(place)) {
            vacate(inode, place);
        }
    }

    private void vacate(Inode inode, Inode.Place place) {
        byPlace.remove(place, inode);
        place.folder().children--;
        dropUnneeded(place.folder());
    }

    /** Takes references back, as many as the guest says but no more than it holds. */
    void forget(long number, long count) {
        Inode inode = byNumber.get(number);
        if (inode != null) {
            inode.lookups = Long.compareUnsigned(count, inode.lookups) >= 0 ? 0 : inode.lookups - count;
            dropUnneeded(inode);
        }
    }

    /** Drops an inode that nothing needs, and then the folders that only it needed. */
    void dropUnneeded(Inode first) {
        Deque<Inode> open = new ArrayDeque<>();
        open.add(first);
        while (!open.isEmpty()) {
            Inode inode = open.remove();
            if (inode.needed() || inode.id == ROOT || !byNumber.remove(inode.id, inode)) {
                continue;
            }
            if (inode.key != null) {
                byKey.remove(inode.key, inode);
            }
            for (Inode.Place place : new ArrayList<>(inode.places())) {
                byPlace.remove(place, inode);
                place.folder().children--;
                open.add(place.folder());
            }
            inode.places().clear();
            dropped.accept(inode);
        }
    }
}
