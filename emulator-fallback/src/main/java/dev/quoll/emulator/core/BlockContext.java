package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.CodeSize;

/**
 * What an op may know of its surroundings when it is made.
 *
 * @param mode {@link Mode} bits the block is decoded for
 * @param flagsDead whether all flags the instruction writes are overwritten before anything can see them: the op may
 *     leave them alone
 */
public record BlockContext(int mode, boolean flagsDead) {
    public BlockContext(int mode) {
        this(mode, false);
    }

    public CodeSize codeSize() {
        return Mode.codeSize(mode);
    }

    public boolean is64() {
        return Mode.is64(mode);
    }

    public boolean has(int modeBit) {
        return (mode & modeBit) != 0;
    }

    /** Bytes of the stack pointer in use: 2, 4 or 8. */
    public int stackSize() {
        return is64() ? 8 : has(Mode.STACK32) ? 4 : 2;
    }

    /** Whether accesses through this segment need limit and rights checks (SDM vol. 3, 5.3). */
    public boolean needsSegmentCheck(int segment) {
        if (is64()) {
            return false;
        }
        return !has(Mode.FLAT) || segment == RegisterFile.FS || segment == RegisterFile.GS
                || segment == RegisterFile.CS;
    }

    /** Whether this segment's base is added to addresses. */
    public boolean usesBase(int segment) {
        return segment == RegisterFile.FS || segment == RegisterFile.GS || !is64() && !has(Mode.FLAT)
                || !is64() && segment == RegisterFile.CS;
    }
}
