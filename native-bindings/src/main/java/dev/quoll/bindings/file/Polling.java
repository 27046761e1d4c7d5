package dev.quoll.bindings.file;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.linux.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A fixed set of files to wait for together (poll(2)). For one thread at a time.
 */
public final class Polling {
    private final List<FileDescriptor> files;
    private final MemorySegment set;

    /**
     * @param files  what to wait for; they must stay open while {@link #await} runs
     * @param events the {@code POLL} constants of {@link linux_h} to wait for, or-ed, the same for each file
     */
    public Polling(List<FileDescriptor> files, int events) {
        this.files = List.copyOf(files);
        this.set = pollfd.allocateArray(files.size(), Arena.ofAuto());
        for (int i = 0; i < files.size(); i++) {
            pollfd.events(pollfd.asSlice(set, i), (short) events);
        }
    }

    /**
     * Waits until one of the files is ready, or has an error or a hang-up to report.
     *
     * @param milliseconds how long at most; 0 looks and returns, a negative number waits for ever
     * @return the number of files with something to report; 0 on time-out or if a signal came
     * @throws NativeException if the call fails
     */
    public int await(int milliseconds) {
        for (int i = 0; i < files.size(); i++) {
            pollfd.fd(pollfd.asSlice(set, i), files.get(i).number());
        }
        var errno = CapturedErrno.current();
        int ready = linux_h.poll(errno, set, files.size(), milliseconds);
        if (ready >= 0) {
            return ready;
        }
        if (CapturedErrno.value(errno) == Errno.EINTR.number()) {
            for (int i = 0; i < files.size(); i++) {
                pollfd.revents(pollfd.asSlice(set, i), (short) 0);
            }
            return 0;
        }
        throw NativeException.of("poll", files.toString(), errno);
    }

    /** The events that file {@code index} reported in the last {@link #await}. */
    public int events(int index) {
        return pollfd.revents(pollfd.asSlice(set, index));
    }
}
