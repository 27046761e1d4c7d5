package dev.quoll.devices.host;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.memory.MemoryAdvice;
import dev.quoll.bindings.memory.MemoryFile;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.machine.MemorySource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

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
        MemoryFile file = null;
        try {
            file = MemoryFile.create("quoll-ram", size);
            return new MemfdMapping(file, file.map(Protection.READ_WRITE));
        } catch (NativeException e) {
            if (file != null) {
                file.close();
            }
            throw new IOException("cannot map %d MiB of guest RAM: %s".formatted(size >> 20, e.getMessage()), e);
        }
    }

    private record MemfdMapping(MemoryFile file, MemoryMapping mapping) implements Mapping {
        @Override
        public MemorySegment segment() {
            return mapping.segment();
        }

        @Override
        public int fileDescriptor() {
            return file.descriptor().number();
        }

        @Override
        public boolean release(long offset, long length) {
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
