package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** What the guest has open, bounded in number. A guest's handle is a number that is never used again within its session. */
final class HandleTable<H extends Closeable> {
    static final int LIMIT = 4096;

    private final Map<Long, H> handles = new HashMap<>();
    private long next = 1;

    /** @throws FuseException EMFILE when the guest has as many open as it may */
    void requireRoom() throws FuseException {
        if (handles.size() >= LIMIT) {
            throw new FuseException(Errno.EMFILE);
        }
    }

    long add(H handle) {
        handles.put(next, handle);
        return next++;
    }

    H get(long number) throws FuseException {
        H handle = handles.get(number);
        if (handle == null) {
            throw new FuseException(Errno.EBADF);
        }
        return handle;
    }

    H remove(long number) throws FuseException {
        H handle = get(number);
        handles.remove(number);
        return handle;
    }

    Map<Long, H> all() {
        return handles;
    }

    long next() {
        return next;
    }

    void restoreNext(long number) {
        next = number;
    }

    void restore(long number, H handle) {
        handles.put(number, handle);
    }

    void clear() throws IOException {
        IOException first = null;
        for (H handle : handles.values()) {
            try {
                handle.close();
            } catch (IOException e) {
                first = e;
            }
        }
        handles.clear();
        next = 1;
        if (first != null) {
            throw first;
        }
    }
}
