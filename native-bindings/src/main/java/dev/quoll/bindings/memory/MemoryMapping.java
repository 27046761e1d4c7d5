package dev.quoll.bindings.memory;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.restricted.RestrictedOperations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A range of pages mapped by {@code mmap} (mmap(2)). Closing unmaps it; the segment then refuses access, but addresses
 * taken from it dangle. No page is touched or reserved until it is used.
 *
 * <p>Safe from any thread; {@link #close} must not race with users of raw addresses.
 */
public final class MemoryMapping implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment segment;

    private MemoryMapping(Arena arena, MemorySegment segment) {
        this.arena = arena;
        this.segment = segment;
    }

    /**
     * Maps zeroed private memory that belongs to no file.
     *
     * @param size in bytes, at least 1; the kernel rounds up to whole pages
     * @throws NativeException if the kernel refuses
     */
    public static MemoryMapping anonymous(long size, Protection protection) {
        int flags = linux_h.MAP_PRIVATE() | linux_h.MAP_ANONYMOUS() | linux_h.MAP_NORESERVE();
        return map(size, protection, flags, -1, 0);
    }

    /**
     * Maps an open file, shared: writes reach the file and every other mapping of it.
     *
     * @param descriptor the file; it may be closed afterwards
     * @param offset     in the file, in bytes, a multiple of the page size
     * @param size       in bytes, at least 1
     * @throws NativeException if the kernel refuses
     */
    public static MemoryMapping shared(int descriptor, long offset, long size, Protection protection) {
        int flags = linux_h.MAP_SHARED() | linux_h.MAP_NORESERVE();
        return map(size, protection, flags, descriptor, offset);
    }

    /** As {@link #shared}, and the kernel sets the memory aside now: an access to a huge page that is missing ends the process. */
    static MemoryMapping sharedReserved(int descriptor, long offset, long size, Protection protection) {
        return map(size, protection, linux_h.MAP_SHARED(), descriptor, offset);
    }

    private static MemoryMapping map(long size, Protection protection, int flags, int descriptor, long offset) {
        var errno = CapturedErrno.current();
        var address = linux_h.mmap(errno, MemorySegment.NULL, size, protection.bits(), flags, descriptor, offset);
        if (address.address() == linux_h.MAP_FAILED()) {
            throw NativeException.of("mmap", size + " bytes", errno);
        }
        var arena = Arena.ofShared();
        return new MemoryMapping(arena, RestrictedOperations.reinterpret(address, size, arena, MemoryMapping::unmap));
    }

    private static void unmap(MemorySegment segment) {
        var errno = CapturedErrno.current();
        if (linux_h.munmap(errno, segment, segment.byteSize()) < 0) {
            throw NativeException.of("munmap", segment.byteSize() + " bytes", errno);
        }
    }

    /** The memory, usable from any thread until {@link #close}. */
    public MemorySegment segment() {
        return segment;
    }

    /** The address of the first byte. */
    public long address() {
        return segment.address();
    }

    /** The size asked for, in bytes. */
    public long size() {
        return segment.byteSize();
    }

    /**
     * Changes what the whole mapping permits. An access that is not permitted any more ends the process.
     *
     * @throws NativeException if the kernel refuses
     */
    public void protect(Protection protection) {
        var errno = CapturedErrno.current();
        if (linux_h.mprotect(errno, segment, size(), protection.bits()) < 0) {
            throw NativeException.of("mprotect", size() + " bytes", errno);
        }
    }

    /**
     * Tells the kernel how a part will be used (madvise(2)).
     *
     * @param offset in bytes, a multiple of the page size
     * @param length in bytes
     * @throws NativeException if the kernel does not know the advice or the file does not allow it
     * @throws IndexOutOfBoundsException if the part is not inside the mapping
     */
    public void advise(long offset, long length, MemoryAdvice advice) {
        var errno = CapturedErrno.current();
        if (linux_h.madvise(errno, segment.asSlice(offset, length), length, advice.number()) < 0) {
            throw NativeException.of("madvise", advice + " on " + length + " bytes", errno);
        }
    }

    /** Unmaps the memory. Closing again does nothing; a second thread must not close at the same time. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
