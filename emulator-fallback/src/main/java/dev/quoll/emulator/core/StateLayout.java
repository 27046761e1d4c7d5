package dev.quoll.emulator.core;

/**
 * Offsets in the off-heap block that holds one vCPU's state. Every execution tier reads and writes the same block, so
 * that a tier can take over at any instruction boundary without copying anything.
 */
public final class StateLayout {
    /** General registers in encoding order, 8 bytes each; AH, CH, DH, BH are the byte at register n + 1. */
    public static final int GPR = 0;

    public static final int RAX = 0;
    public static final int RCX = 8;
    public static final int RDX = 16;
    public static final int RBX = 24;
    public static final int RSP = 32;
    public static final int RBP = 40;
    public static final int RSI = 48;
    public static final int RDI = 56;

    /** A slot that always reads zero: stands for an absent base, index or segment base. */
    public static final int ZERO = 128;
    /** RIP that corresponds to byte 0 of the page the running block is in; RIP = this + offset in page. */
    public static final int RIP_BASE = 136;
    /** RIP, exact whenever no block is running. */
    public static final int RIP = 144;

    /** Lazy arithmetic flags: see {@link LazyFlags}. */
    public static final int FLAGS_KIND = 152;

    public static final int FLAGS_RESULT = 160;
    public static final int FLAGS_A = 168;
    public static final int FLAGS_B = 176;
    /** RFLAGS without the arithmetic flags; bit 1 set. */
    public static final int FLAGS_REST = 184;

    /** Segment bases ES, CS, SS, DS, FS, GS, LDTR, TR. */
    public static final int SEGMENT_BASE = 192;

    public static final int MXCSR = 256;

    /** x87: eight physical registers of 16 bytes (significand, then sign and exponent), then the environment. */
    public static final int X87 = 320;

    public static final int X87_CONTROL = 448;
    public static final int X87_STATUS = 452;
    /** Tag word, two bits a physical register: 3 = empty, anything else not; storing it finds what the contents are. */
    public static final int X87_TAG = 456;
    public static final int X87_OPCODE = 460;
    public static final int X87_INSTRUCTION = 464;
    public static final int X87_DATA = 472;
    public static final int X87_INSTRUCTION_SELECTOR = 480;
    public static final int X87_DATA_SELECTOR = 484;

    /** Vector registers, 64 bytes each: XMM in the low 16, YMM in the low 32. */
    public static final int VECTOR = 512;

    public static final int VECTOR_STRIDE = 64;

    // What passes between translated host code and the loop around it.

    /** Not 0 when translated code shall come out at its next block: an event is pending. 4 bytes. */
    public static final int POLL = 1536;
    /** Number of the exit taken. 4 bytes. */
    public static final int EXIT = 1540;
    /** Address in translated code at which to go on. */
    public static final int ENTRY = 1544;
    /** First entry of the soft TLB's context in use. */
    public static final int TLB_BASE = 1552;
    /** What a RIP leads to depends on this: the jump cache's second key. */
    public static final int JUMP_KEY = 1560;
    /** Instructions of the blocks that translated code has entered by itself. */
    public static final int ENTERED = 1568;
    /** Cell of the block that was jumped to and is no more. */
    public static final int STALE_CELL = 1576;
    /** Scratch of translated code. */
    public static final int SCRATCH = 1584;

    /** Which registers beyond the general ones are in the host's while translated code runs. 4 bytes; 0 whenever the loop runs. */
    public static final int OPEN_WINDOWS = 1632;
    /** Of {@link #OPEN_WINDOWS} what the vector registers have: 0 nothing, 1 XMM and MXCSR, 2 YMM too. 1 byte. */
    public static final int VECTORS_IN_HOST = OPEN_WINDOWS;
    /** Of {@link #OPEN_WINDOWS} whether the x87 registers are. 1 byte. */
    public static final int X87_IN_HOST = OPEN_WINDOWS + 1;
    /** The host's own MXCSR while the guest's is in its place. */
    public static final int HOST_MXCSR = 1636;
    /** Likewise the x87 control word. 4 bytes, the upper two 0. */
    public static final int HOST_X87_CONTROL = 1640;
    /**
     * What translated code has left of the pointers to the last x87 instruction, whose selectors it does not know: in the first byte
     * whether there was one, in the second the number of its operand's segment plus 1. 4 bytes; 0 whenever the loop runs.
     */
    public static final int X87_NOTED = 1644;
    /** Room for the x87 environment, 28 bytes. */
    public static final int X87_ENVIRONMENT = 1648;

    /** CPL. 4 bytes; right while translated code runs. */
    public static final int PRIVILEGE = 1676;

    /** Soft TLB contexts, see {@link Tlb}. */
    public static final int TLB = 4096;

    public static final int TLB_ENTRIES = 1024;
    public static final int TLB_ENTRY_SHIFT = 5;
    public static final int TLB_CONTEXT_BYTES = TLB_ENTRIES << TLB_ENTRY_SHIFT;
    /** Address spaces whose translations are kept: as many as Linux gives PCIDs to on a processor. */
    public static final int TLB_SPACES = 6;

    public static final int TLB_CONTEXTS = 1 + 2 * TLB_SPACES;

    /** One more context in which nothing is ever entered: all accesses take the slow path. */
    public static final int EMPTY_TLB = TLB + TLB_CONTEXTS * TLB_CONTEXT_BYTES;

    public static final int SIZE = EMPTY_TLB + TLB_CONTEXT_BYTES;

    private StateLayout() {}

    /** Slot of a general register. */
    public static int gpr(int number) {
        return number << 3;
    }

    /** Slot of a vector register's low 8 bytes. */
    public static int xmm(int number) {
        return VECTOR + number * VECTOR_STRIDE;
    }
}
