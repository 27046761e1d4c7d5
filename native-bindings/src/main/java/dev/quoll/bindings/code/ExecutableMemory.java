package dev.quoll.bindings.code;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.memory.MemoryFile;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import java.lang.foreign.MemorySegment;

/**
 * Memory for machine code: one memory file mapped twice, once to write and once to execute, so that no page is both
 * (W^X) and code can be added while other code runs.
 *
 * <p>On x86-64 a store becomes visible to instruction fetch by itself, but another thread that already executes at the
 * written place must go through a serialising instruction (SDM vol. 3, "Handling Self- and Cross-Modifying Code"). So
 * write where nothing runs, then publish the address with release semantics.
 */
public final class ExecutableMemory implements AutoCloseable {
    private final MemoryMapping writable;
    private final MemoryMapping executable;

    private ExecutableMemory(MemoryMapping writable, MemoryMapping executable) {
        this.writable = writable;
        this.executable = executable;
    }

    /**
     * Allocates {@code size} bytes, zeroed (two zero bytes are {@code add [rax], al}, which faults soon enough).
     *
     * @throws NativeException if a security policy forbids executable mappings, or memory is short
     * @throws NativeUnavailableException where native access is not available
     */
    public static ExecutableMemory allocate(long size) {
        try (var file = MemoryFile.create("quoll-code", size)) {
            var writable = file.map(Protection.READ_WRITE);
            try {
                return new ExecutableMemory(writable, file.map(Protection.READ_EXECUTE));
            } catch (NativeException e) {
                writable.close();
                throw e;
            }
        }
    }

    /** Size in bytes. */
    public long size() {
        return writable.size();
    }

    /** Address of the first byte in the executable view. */
    public long address() {
        return executable.address();
    }

    /** The writable view: what is stored at an offset here executes at the same offset from {@link #address}. */
    public MemorySegment writable() {
        return writable.segment();
    }

    /**
     * Writes {@code code} at {@code offset}.
     *
     * @return the address at which it executes
     * @throws IndexOutOfBoundsException if it does not fit
     */
    public long write(long offset, byte[] code) {
        MemorySegment.copy(MemorySegment.ofArray(code), 0, writable.segment(), offset, code.length);
        return executable.address() + offset;
    }

    /** Unmaps both views. Nothing may execute in it any more, nor return to it. */
    @Override
    public void close() {
        executable.close();
        writable.close();
    }
}
