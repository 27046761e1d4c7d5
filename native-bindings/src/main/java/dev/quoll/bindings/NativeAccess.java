package dev.quoll.bindings;

import dev.quoll.bindings.restricted.RestrictedOperations;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Whether this process may touch native memory and call native code. Every part of Quoll that can do without asks here
 * first. Safe from any thread.
 */
public final class NativeAccess {
    private static final class Everything {
        static final MemorySegment SEGMENT = RestrictedOperations.reinterpret(MemorySegment.NULL, Long.MAX_VALUE);
    }

    private NativeAccess() {}

    /** True on Linux x86-64 when the module {@code dev.quoll.bindings} has native access. */
    public static boolean available() {
        return unavailableReason().isEmpty();
    }

    /** Why native access is not {@link #available}, as a sentence for the user; empty when it is. */
    public static Optional<String> unavailableReason() {
        return RestrictedOperations.unavailableReason();
    }

    /**
     * The whole address space as one segment, so that an offset in it is an address. An access through it has no bounds
     * or lifetime check worth the name: whoever holds it must have checked the address against memory that stays
     * mapped. An access to an unmapped address ends the process or raises {@link InternalError}.
     *
     * @return the same segment each time, or empty when native access is not {@link #available}
     */
    public static Optional<MemorySegment> everything() {
        return available() ? Optional.of(Everything.SEGMENT) : Optional.empty();
    }
}
