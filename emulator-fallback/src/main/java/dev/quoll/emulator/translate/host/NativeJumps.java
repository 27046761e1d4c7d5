package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.NativeTier;

/** The jump cache as translated code reads it: entries of RIP, key and the address of a block's cell. */
final class NativeJumps {
    static final int ENTRIES = NativeTier.JUMPS;
    static final int ENTRY_SHIFT = NativeTier.JUMP_SHIFT;
    static final int RIP = NativeTier.JUMP_RIP;
    static final int KEY = NativeTier.JUMP_KEY;
    static final int CELL = NativeTier.JUMP_CELL;

    private NativeJumps() {}
}
