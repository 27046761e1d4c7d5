package dev.quoll.emulator.core;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The register part of a vCPU: the off-heap state block and the registers that only slow paths touch, which are plain
 * fields. A "slot" is a byte offset from {@link StateLayout}. Belongs to the vCPU's thread.
 */
public abstract class RegisterFile {
    /** Index of LDTR and TR behind the six segment registers in the arrays below. */
    public static final int ES = 0;

    public static final int CS = 1;
    public static final int SS = 2;
    public static final int DS = 3;
    public static final int FS = 4;
    public static final int GS = 5;
    public static final int LDTR = 6;
    public static final int TR = 7;

    /** {@link #access} value of a null or unusable segment. */
    public static final int UNUSABLE = 1 << 16;

    final MemorySegment stateSegment;
    /** Where the state block starts, for {@link HostMemory}. */
    final long state;

    /** Selectors of ES, CS, SS, DS, FS, GS, LDTR, TR. */
    public final int[] selector = new int[8];
    /** Limits in bytes (offset of the last byte), G applied. */
    public final long[] limit = new long[8];
    /** Descriptor bits 15:8 and 23:20 of the high dword, as bits 7:0 and 15:12; bit 16 = unusable. */
    public final int[] access = new int[8];

    public long gdtBase;
    public int gdtLimit;
    public long idtBase;
    public int idtLimit;
    public long cr0;
    public long cr2;
    public long cr3;
    public long cr4;
    /** The four page-directory-pointer registers of PAE paging. */
    final long[] directoryPointers = new long[4];
    /** Whether they hold what CR3 points to. */
    boolean directoryPointersLoaded;
    public long efer;
    public long xcr0 = 1;
    public long dr6 = 0xffff0ff0L;
    public long dr7 = 0x400;
    public final long[] dr = new long[4];
    // Model-specific registers of the core (SDM vol. 4; APM vol. 2, 6.1).
    public long star;
    public long lstar;
    public long cstar;
    public long sfmask;
    public long kernelGsBase;
    public long tscAux;
    /** DebugCtl, of which there is {@link ControlBits#BRANCH_STEP}. */
    public long debugControl;

    public long sysenterCs;
    public long sysenterEsp;
    public long sysenterEip;
    /** Current privilege level, 0 to 3. */
    public int cpl;

    RegisterFile(Arena arena) {
        stateSegment = arena.allocate(StateLayout.SIZE, 4096);
        state = HostMemory.base(stateSegment);
    }

    public final long get64(int slot) {
        return HostMemory.getLong(stateSegment, state + slot);
    }

    public final int get32(int slot) {
        return HostMemory.getInt(stateSegment, state + slot);
    }

    /** Sign-extended; mask with 0xffff where the unsigned value is wanted. */
    public final int get16(int slot) {
        return HostMemory.getShort(stateSegment, state + slot);
    }

    /** Sign-extended; mask with 0xff where the unsigned value is wanted. */
    public final int get8(int slot) {
        return HostMemory.getByte(stateSegment, state + slot);
    }

    public final void set64(int slot, long value) {
        HostMemory.putLong(stateSegment, state + slot, value);
    }

    /** Writes a general register's low dword and clears the upper one, as 32-bit results do (SDM vol. 1, 3.4.1.1). */
    public final void set32(int slot, int value) {
        HostMemory.putLong(stateSegment, state + slot, value & 0xffffffffL);
    }

    /** Writes four bytes and leaves the rest: for slots that are not general registers. */
    public final void put32(int slot, int value) {
        HostMemory.putInt(stateSegment, state + slot, value);
    }

    public final void set16(int slot, int value) {
        HostMemory.putShort(stateSegment, state + slot, (short) value);
    }

    public final void set8(int slot, int value) {
        HostMemory.putByte(stateSegment, state + slot, (byte) value);
    }

    /** A general register of 1, 2, 4 or 8 bytes, sign-extended. For paths where speed does not matter. */
    public final long getSized(int slot, int size) {
        return switch (size) {
            case 1 -> get8(slot);
            case 2 -> get16(slot);
            case 4 -> get32(slot);
            default -> get64(slot);
        };
    }

    /** Writes a general register of 1, 2, 4 (upper half cleared) or 8 bytes. */
    public final void setSized(int slot, int size, long value) {
        switch (size) {
            case 1 -> set8(slot, (int) value);
            case 2 -> set16(slot, (int) value);
            case 4 -> set32(slot, (int) value);
            default -> set64(slot, value);
        }
    }

    /** RIP as of the last instruction boundary; inside a block it is stale, see {@link Op#rip}. */
    public final long rip() {
        return get64(StateLayout.RIP);
    }

    public final void setRip(long rip) {
        set64(StateLayout.RIP, rip);
    }

    public final long segmentBase(int segment) {
        return get64(StateLayout.SEGMENT_BASE + 8 * segment);
    }

    public final void setSegmentBase(int segment, long base) {
        set64(StateLayout.SEGMENT_BASE + 8 * segment, base);
    }

    /** Low (half 0) or high (half 1) 8 bytes of an XMM register. */
    public final long xmm(int number, int half) {
        return get64(StateLayout.xmm(number) + 8 * half);
    }

    public final void setXmm(int number, long low, long high) {
        set64(StateLayout.xmm(number), low);
        set64(StateLayout.xmm(number) + 8, high);
    }

    /** Clears bits 255 to 128 of a vector register. */
    public final void clearUpperYmm(int number) {
        set64(StateLayout.xmm(number) + 16, 0);
        set64(StateLayout.xmm(number) + 24, 0);
    }
}
