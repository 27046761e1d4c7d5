package dev.quoll.bindings.file;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.linux.linux_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A counter in the kernel that one side adds to and the other waits for (eventfd(2)). Non-blocking: wait for it with
 * {@link Polling}. Safe from any thread.
 */
public final class EventCounter implements AutoCloseable {
    private final MemorySegment one = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    private final FileDescriptor descriptor;

    private EventCounter(FileDescriptor descriptor) {
        this.descriptor = descriptor;
        one.set(ValueLayout.JAVA_LONG, 0, 1);
    }

    /**
     * Creates a counter at zero.
     *
     * @throws NativeException if the kernel refuses
     */
    public static EventCounter create() {
        var errno = CapturedErrno.current();
        int number = linux_h.eventfd(errno, 0, linux_h.EFD_CLOEXEC() | linux_h.EFD_NONBLOCK());
        if (number < 0) {
            throw NativeException.of("eventfd", "", errno);
        }
        return new EventCounter(FileDescriptor.owning(number, "eventfd"));
    }

    /** The file to wait on; readable while the count is not zero. */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /** Adds one. At the (unreachable) maximum the addition is lost, but the counter stays readable. */
    public void signal() {
        descriptor.write(one);
    }

    /** Takes the whole count and leaves zero; 0 if there is none. */
    public long drain() {
        try (var own = Arena.ofConfined()) {
            var count = own.allocate(ValueLayout.JAVA_LONG);
            return descriptor.read(count) < 0 ? 0 : count.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
