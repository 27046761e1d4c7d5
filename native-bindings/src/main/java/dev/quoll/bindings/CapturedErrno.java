package dev.quoll.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where calls leave {@code errno}. The JVM itself makes system calls between two lines of Java, so the number is copied
 * out as part of the call. It means something only after a call that reported failure by its result.
 */
public final class CapturedErrno {
    private static final long OFFSET =
            Linker.Option.captureStateLayout().byteOffset(PathElement.groupElement("errno"));

    private static final ThreadLocal<MemorySegment> CURRENT =
            ThreadLocal.withInitial(() -> allocate(Arena.ofAuto()));

    private CapturedErrno() {}

    /** This thread's segment, to pass as the {@code errno} parameter of a bound function. */
    public static MemorySegment current() {
        return CURRENT.get();
    }

    /** A segment of one's own, for a thread that calls too often to look its own up each time. */
    public static MemorySegment allocate(Arena arena) {
        return arena.allocate(Linker.Option.captureStateLayout());
    }

    /** The number left by the last failed call that was given {@code errno}. */
    public static int value(MemorySegment errno) {
        return errno.get(ValueLayout.JAVA_INT, OFFSET);
    }
}
