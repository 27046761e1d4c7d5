package dev.quoll.devices.host;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.memory.MemoryAdvice;
import dev.quoll.bindings.memory.MemoryFile;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.machine.MemorySource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Guest RAM in a Linux memory file: no disk behind it, no page reserved or touched up front, and a descriptor that
 * other processes and engines can map. Unsupported, and then passed over, where native access is denied or the host is
 * not Linux.
 */
public final class MemfdMemorySource implements MemorySource {
    /** For the service loader. */
    public MemfdMemorySource() {}

    @Override
    public String name() {
        return "memfd";
    }

    @Override
    public boolean supported() {
        return NativeAccess.available();
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Mapping map(long size) throws IOException {
        try {
            return mapping(MemoryFile.create("quoll-ram", size), false);
        } catch (NativeException e) {
            throw new IOException("cannot map %d MiB of guest RAM: %s".formatted(size >> 20, e.getMessage()), e);
        }
    }

    @Override
    public Mapping mapHuge(long size) throws IOException {
        long pages = (size + MemoryFile.HUGE_PAGE - 1) / MemoryFile.HUGE_PAGE;
        try {
            return mapping(MemoryFile.createHuge("quoll-ram", pages * MemoryFile.HUGE_PAGE), true);
        } catch (NativeException e) {
            if (e.is(Errno.ENOMEM)) {
                throw new IOException(
                        "guest RAM of %d MiB needs %d huge pages of 2 MiB, and the host has %s free: set them aside (sudo sysctl vm.nr_hugepages=%d), or go without."
                                .formatted(size >> 20, pages, freeHugePages(), pages),
                        e);
            }
            throw new IOException("cannot map guest RAM in huge pages: " + e.getMessage(), e);
        }
    }

    private static String freeHugePages() {
        try {
            return Long.toString(Math.max(0, count("free_hugepages") - count("resv_hugepages")));
        } catch (IOException | NumberFormatException e) {
            return "fewer";
        }
    }

    private static long count(String name) throws IOException {
        return Long.parseLong(
                Files.readString(Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB", name)).strip());
    }

    private static Mapping mapping(MemoryFile file, boolean huge) {
        try {
            return new MemfdMapping(file, file.map(Protection.READ_WRITE), huge);
        } catch (NativeException e) {
            file.close();
            throw e;
        }
    }

    private record MemfdMapping(MemoryFile file, MemoryMapping mapping, boolean huge) implements Mapping {
        @Override
        public MemorySegment segment() {
            return mapping.segment();
        }

        @Override
        public int fileDescriptor() {
            return file.descriptor().number();
        }

        /** Huge pages stay: one given back may be gone when the guest wants it again, which would end this process. */
        @Override
        public boolean release(long offset, long length) {
            if (huge) {
                return false;
            }
            mapping.advise(offset, length, MemoryAdvice.REMOVE);
            return true;
        }

        @Override
        public void close() {
            mapping.close();
            file.close();
        }
    }
}
