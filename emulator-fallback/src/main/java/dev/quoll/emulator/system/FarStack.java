package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;

/**
 * A stack that is written or read before SS and RSP themselves change, so that a fault leaves them alone. One per far
 * transfer; nothing of it is kept.
 */
final class FarStack {
    private final Cpu cpu;
    private final int level;
    /** Bytes of the stack pointer: 2, 4 or 8. */
    private final int size;

    private final long base;
    private final long limit;
    private final boolean usable;
    private final boolean expandDown;
    /** Code of the #SS that a push or pop outside the segment raises. */
    private final int error;

    private long pointer;

    private FarStack(Cpu cpu, int level, int size, long base, long limit, int access, long pointer, int error) {
        this.cpu = cpu;
        this.level = level;
        this.size = size;
        this.base = base;
        this.limit = limit;
        this.usable = access != RegisterFile.UNUSABLE;
        this.expandDown = (access & (Descriptor.CODE | Descriptor.CONFORMING_OR_EXPAND_DOWN)) == 4;
        this.pointer = wrap(pointer);
        this.error = error;
    }

    /** The stack in use. @param error 0, or EXT */
    static FarStack current(Cpu cpu, int error) {
        return new FarStack(
                cpu,
                cpu.cpl,
                cpu.stackSize(),
                cpu.segmentBase(RegisterFile.SS),
                cpu.limit[RegisterFile.SS],
                cpu.access[RegisterFile.SS],
                cpu.get64(StateLayout.RSP),
                error);
    }

    /** Another level's stack with a checked descriptor, for 16- or 32-bit code. @param error the selector and EXT */
    static FarStack of(Cpu cpu, int level, long descriptor, long pointer, int error) {
        int access = Descriptor.access(descriptor);
        return new FarStack(
                cpu,
                level,
                (access & Descriptor.BIG) != 0 ? 4 : 2,
                Descriptor.base(descriptor),
                Descriptor.limit(descriptor),
                access,
                pointer,
                error);
    }

    /** Another level's stack for 64-bit code. */
    static FarStack flat(Cpu cpu, int level, long pointer) {
        return new FarStack(cpu, level, 8, 0, 0, 0, pointer, 0);
    }

    private long wrap(long value) {
        return size == 8 ? value : size == 4 ? value & 0xffffffffL : value & 0xffffL;
    }

    private long linear(long offset, int bytes) {
        if (size == 8) {
            return offset;
        }
        long last = offset + bytes - 1;
        boolean inside = expandDown
                ? offset > limit && last <= (size == 4 ? 0xffffffffL : 0xffffL)
                : last <= limit;
        if (!usable || !inside) {
            throw cpu.stackFault(null, error);
        }
        return base + offset & 0xffffffffL;
    }

    void push(int bytes, long value) {
        long next = wrap(pointer - bytes);
        cpu.storeStackAt(level, linear(next, bytes), bytes, value);
        pointer = next;
    }

    /** Pops, zero-extended. */
    long pop(int bytes) {
        long value = peek(0, bytes);
        release(bytes);
        return value;
    }

    /** Reads at a distance from the pointer. */
    long peek(int distance, int bytes) {
        return cpu.loadStackAt(level, linear(wrap(pointer + distance), bytes), bytes);
    }

    void release(long bytes) {
        pointer = wrap(pointer + bytes);
    }

    /** Writes RSP, ESP or SP; called once SS is this stack's. */
    void commit() {
        if (size == 2) {
            cpu.set16(StateLayout.RSP, (int) pointer);
        } else {
            cpu.set64(StateLayout.RSP, pointer);
        }
    }
}
