package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.CodeSize;

/**
 * Everything outside the code bytes that decoding and the choice of ops depend on, packed in one int: the second half of
 * a block's key. Two runs of the same bytes in the same mode may share their block.
 */
public final class Mode {
    /** Bits 1:0: {@link CodeSize} ordinal. */
    public static final int CODE_SIZE = 3;
    /** CPL is 3. */
    public static final int USER = 1 << 2;
    /** SS.B is set, outside 64-bit code: the stack pointer is ESP. */
    public static final int STACK32 = 1 << 3;
    /** Outside 64-bit code: ES, SS and DS are present, writable, based at 0 and span 4 GiB, so no check can fail. */
    public static final int FLAT = 1 << 4;
    /** CR0.PE. */
    public static final int PROTECTED = 1 << 5;
    /** RFLAGS.VM. */
    public static final int VIRTUAL_8086 = 1 << 6;
    /** EFER.LMA: long mode, be it 64-bit or compatibility code. */
    public static final int LONG = 1 << 7;
    /** CR0.EM. */
    public static final int FPU_EMULATED = 1 << 8;
    /** CR0.TS. */
    public static final int TASK_SWITCHED = 1 << 9;
    /** CR4.OSFXSR. */
    public static final int OS_FXSR = 1 << 10;
    /** CR4.OSXSAVE and XCR0 enables AVX state. */
    public static final int AVX_ENABLED = 1 << 11;

    /**
     * Outside 64-bit code: CS does not span 4 GiB from a page's start, so where code may run depends on more than its
     * page, and blocks keep no links.
     */
    public static final int LIMITED = 1 << 12;

    private static final CodeSize[] SIZES = CodeSize.values();

    private Mode() {}

    public static CodeSize codeSize(int mode) {
        return SIZES[mode & CODE_SIZE];
    }

    public static boolean is64(int mode) {
        return (mode & CODE_SIZE) == 2;
    }
}
