package dev.quoll.bindings.memory;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import java.lang.foreign.Arena;

/**
 * A file that lives in memory (memfd_create(2)): shared by mapping it several times, gone when the last user closes it.
 * Its size is sealed, so that no mapping of it can fault because somebody shrank it.
 */
public final class MemoryFile implements AutoCloseable {
    /** Bytes of a huge page here: what x86-64 has in its second level of page tables. */
    public static final long HUGE_PAGE = 2L << 20;

    private final FileDescriptor descriptor;
    private final long size;
    private final boolean huge;

    private MemoryFile(FileDescriptor descriptor, long size, boolean huge) {
        this.descriptor = descriptor;
        this.size = size;
        this.huge = huge;
    }

    /**
     * Creates a file that reads as zeros; no page is allocated until it is written.
     *
     * @param name what {@code /proc/PID/maps} shows, at most 249 bytes; need not be unique
     * @param size in bytes
     * @throws NativeException if the kernel refuses
     */
    public static MemoryFile create(String name, long size) {
        return create(name, size, false);
    }

    /**
     * As {@link #create(String, long)}, of pages of {@link #HUGE_PAGE} bytes. {@link #map} sets them aside, or fails with
     * {@code ENOMEM}.
     *
     * @param size in bytes, a multiple of {@link #HUGE_PAGE}
     */
    public static MemoryFile createHuge(String name, long size) {
        return create(name, size, true);
    }

    private static MemoryFile create(String name, long size, boolean huge) {
        var errno = CapturedErrno.current();
        int number;
        try (var arena = Arena.ofConfined()) {
            int flags = linux_h.MFD_CLOEXEC() | linux_h.MFD_ALLOW_SEALING()
                    | (huge ? linux_h.MFD_HUGETLB() | linux_h.MFD_HUGE_2MB() : 0);
            number = linux_h.memfd_create(errno, arena.allocateFrom(name), flags);
        }
        if (number < 0) {
            throw NativeException.of("memfd_create", name, errno);
        }
        var descriptor = FileDescriptor.owning(number, "memfd:" + name);
        try {
            if (linux_h.ftruncate(errno, number, size) < 0) {
                throw NativeException.of("ftruncate", name + " to " + size + " bytes", errno);
            }
            descriptor.control("F_ADD_SEALS", linux_h.F_ADD_SEALS(),
                    linux_h.F_SEAL_SHRINK() | linux_h.F_SEAL_GROW() | linux_h.F_SEAL_SEAL());
        } catch (NativeException e) {
            descriptor.close();
            throw e;
        }
        return new MemoryFile(descriptor, size, huge);
    }

    /** The open file, owned by this object. */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /** The size in bytes, which never changes. */
    public long size() {
        return size;
    }

    /** Maps the whole file, shared. The mapping outlives this object. */
    public MemoryMapping map(Protection protection) {
        return huge
                ? MemoryMapping.sharedReserved(descriptor.number(), 0, size, protection)
                : MemoryMapping.shared(descriptor.number(), 0, size, protection);
    }

    /** Closes the file; its memory stays for as long as a mapping does. */
    @Override
    public void close() {
        descriptor.close();
    }
}
