package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.XsaveComponent;

/**
 * The memory images of the floating-point and vector state: the legacy region of FXSAVE and XSAVE, the XSAVE header and
 * the components behind it (SDM vol. 1, 10.5.1 and 13.4).
 */
public final class StateImage {
    public static final int X87 = 1;
    public static final int SSE = 2;
    public static final int AVX = 4;

    static final int MXCSR = 24;
    static final int XSTATE_BV = 512;
    static final int XCOMP_BV = 520;

    /** MXCSR bits that exist: DAZ included. */
    public static final int MXCSR_MASK = 0xffff;

    public static final int MXCSR_INITIAL = 0x1f80;
    private static final int EXCEPTION_SUMMARY = 1 << 7;
    private static final int CONTROL_INITIAL = 0x37f;

    private StateImage() {}

    /** Stores the x87 part of the legacy region. @param wide whether instruction and data pointers take 8 bytes */
    static void saveX87(RegisterFile cpu, StateArea area, boolean wide) {
        int status = cpu.get32(StateLayout.X87_STATUS) & 0xffff;
        area.put(0, 2, cpu.get32(StateLayout.X87_CONTROL));
        area.put(2, 2, status);
        area.put(4, 2, abridgedTag(cpu));
        if ((status & EXCEPTION_SUMMARY) == 0) {
            // The pointers are of exceptions only: zeros without a pending one (APM vol. 3, FXSAVE; XSAVEERPTR).
            area.put(6, 2, 0);
            area.put(8, 8, 0);
            area.put(16, 8, 0);
        } else {
            savePointers(cpu, area, wide);
        }
        int top = status >>> 11 & 7;
        for (int i = 0; i < 8; i++) {
            int slot = StateLayout.X87 + 16 * (top + i & 7);
            area.put(32 + 16 * i, 8, cpu.get64(slot));
            area.put(40 + 16 * i, 8, cpu.get64(slot + 8) & 0xffff);
        }
    }

    private static void savePointers(RegisterFile cpu, StateArea area, boolean wide) {
        area.put(6, 2, cpu.get32(StateLayout.X87_OPCODE) & 0x7ff);
        if (wide) {
            area.put(8, 8, cpu.get64(StateLayout.X87_INSTRUCTION));
            area.put(16, 8, cpu.get64(StateLayout.X87_DATA));
        } else {
            area.put(8, 4, cpu.get64(StateLayout.X87_INSTRUCTION));
            area.put(12, 4, cpu.get32(StateLayout.X87_INSTRUCTION_SELECTOR) & 0xffff);
            area.put(16, 4, cpu.get64(StateLayout.X87_DATA));
            area.put(20, 4, cpu.get32(StateLayout.X87_DATA_SELECTOR) & 0xffff);
        }
    }

    static void restoreX87(RegisterFile cpu, StateArea area, boolean wide) {
        int status = (int) area.get(2, 2);
        cpu.put32(StateLayout.X87_CONTROL, (int) area.get(0, 2) & 0x1f7f | 0x40);
        cpu.put32(StateLayout.X87_OPCODE, (int) area.get(6, 2) & 0x7ff);
        if (wide) {
            cpu.set64(StateLayout.X87_INSTRUCTION, canonical(area.get(8, 8)));
            cpu.set64(StateLayout.X87_DATA, canonical(area.get(16, 8)));
            cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0);
            cpu.put32(StateLayout.X87_DATA_SELECTOR, 0);
        } else {
            cpu.set64(StateLayout.X87_INSTRUCTION, area.get(8, 4));
            cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, (int) area.get(12, 2));
            cpu.set64(StateLayout.X87_DATA, area.get(16, 4));
            cpu.put32(StateLayout.X87_DATA_SELECTOR, (int) area.get(20, 2));
        }
        int abridged = (int) area.get(4, 1);
        int top = status >>> 11 & 7;
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int physical = top + i & 7;
            int slot = StateLayout.X87 + 16 * physical;
            long significand = area.get(32 + 16 * i, 8);
            int signExponent = (int) area.get(40 + 16 * i, 2);
            cpu.set64(slot, significand);
            cpu.set64(slot + 8, signExponent);
            int tag = (abridged >>> physical & 1) == 0 ? 3 : tag(significand, signExponent);
            tags |= tag << 2 * physical;
        }
        cpu.put32(StateLayout.X87_TAG, tags);
        // ES and B mirror whether an unmasked exception is pending.
        int pending = status & ~cpu.get32(StateLayout.X87_CONTROL) & 0x3f;
        cpu.put32(StateLayout.X87_STATUS, status & 0x7f7f | (pending != 0 ? 0x8080 : 0));
    }

    /** Pointers are kept as 48 bits and read back with their sign, as AMD processors do. */
    private static long canonical(long pointer) {
        return pointer << 16 >> 16;
    }

    static void initialiseX87(RegisterFile cpu) {
        cpu.put32(StateLayout.X87_CONTROL, CONTROL_INITIAL);
        cpu.put32(StateLayout.X87_STATUS, 0);
        cpu.put32(StateLayout.X87_TAG, 0xffff);
        cpu.put32(StateLayout.X87_OPCODE, 0);
        cpu.set64(StateLayout.X87_INSTRUCTION, 0);
        cpu.set64(StateLayout.X87_DATA, 0);
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0);
        cpu.put32(StateLayout.X87_DATA_SELECTOR, 0);
        for (int slot = StateLayout.X87; slot < StateLayout.X87_CONTROL; slot += 8) {
            cpu.set64(slot, 0);
        }
    }

    /** One bit a physical register: 1 = not empty. */
    static int abridgedTag(RegisterFile cpu) {
        int tags = cpu.get32(StateLayout.X87_TAG);
        int abridged = 0;
        for (int i = 0; i < 8; i++) {
            if ((tags >>> 2 * i & 3) != 3) {
                abridged |= 1 << i;
            }
        }
        return abridged;
    }

    /** Full tag of a register that is not empty: 0 valid, 1 zero, 2 special (SDM vol. 1, 8.1.7). */
    public static int tag(long significand, int signExponent) {
        int exponent = signExponent & 0x7fff;
        if (exponent == 0) {
            return significand == 0 ? 1 : 2;
        }
        return exponent == 0x7fff || significand >= 0 ? 2 : 0;
    }

    /** XMM registers. @param count 8 outside 64-bit code, else 16 */
    static void saveXmm(RegisterFile cpu, StateArea area, int count) {
        for (int i = 0; i < count; i++) {
            area.put(160 + 16 * i, 8, cpu.xmm(i, 0));
            area.put(168 + 16 * i, 8, cpu.xmm(i, 1));
        }
    }

    static void restoreXmm(RegisterFile cpu, StateArea area, int count) {
        for (int i = 0; i < count; i++) {
            cpu.setXmm(i, area.get(160 + 16 * i, 8), area.get(168 + 16 * i, 8));
        }
    }

    static void clearXmm(RegisterFile cpu, int count) {
        for (int i = 0; i < count; i++) {
            cpu.setXmm(i, 0, 0);
        }
    }

    /** Upper halves of the YMM registers, 256 bytes from {@code offset}. */
    static void saveYmmHigh(RegisterFile cpu, StateArea area, int offset, int count) {
        for (int i = 0; i < count; i++) {
            area.put(offset + 16 * i, 8, cpu.get64(StateLayout.xmm(i) + 16));
            area.put(offset + 8 + 16 * i, 8, cpu.get64(StateLayout.xmm(i) + 24));
        }
    }

    static void restoreYmmHigh(RegisterFile cpu, StateArea area, int offset, int count) {
        for (int i = 0; i < count; i++) {
            cpu.set64(StateLayout.xmm(i) + 16, area.get(offset + 16 * i, 8));
            cpu.set64(StateLayout.xmm(i) + 24, area.get(offset + 8 + 16 * i, 8));
        }
    }

    static void clearYmmHigh(RegisterFile cpu, int count) {
        for (int i = 0; i < count; i++) {
            cpu.set64(StateLayout.xmm(i) + 16, 0);
            cpu.set64(StateLayout.xmm(i) + 24, 0);
        }
    }

    /**
     * The components that are not in their initial configuration (XINUSE; SDM vol. 1, 13.6).
     *
     * @param count 8 outside 64-bit code, else 16: the vector registers that matter
     */
    public static int inUse(RegisterFile cpu, int count) {
        int used = 0;
        if (!x87Initial(cpu)) {
            used |= X87;
        }
        for (int i = 0; i < count; i++) {
            if ((cpu.xmm(i, 0) | cpu.xmm(i, 1)) != 0) {
                used |= SSE;
                break;
            }
        }
        for (int i = 0; i < count; i++) {
            if ((cpu.get64(StateLayout.xmm(i) + 16) | cpu.get64(StateLayout.xmm(i) + 24)) != 0) {
                used |= AVX;
                break;
            }
        }
        return used;
    }

    private static boolean x87Initial(RegisterFile cpu) {
        if ((cpu.get32(StateLayout.X87_TAG) & 0xffff) != 0xffff
                || cpu.get32(StateLayout.X87_CONTROL) != CONTROL_INITIAL
                || cpu.get32(StateLayout.X87_STATUS) != 0
                || cpu.get32(StateLayout.X87_OPCODE) != 0
                || cpu.get64(StateLayout.X87_INSTRUCTION) != 0
                || cpu.get64(StateLayout.X87_DATA) != 0) {
            return false;
        }
        for (int slot = StateLayout.X87; slot < StateLayout.X87_CONTROL; slot += 8) {
            if (cpu.get64(slot) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes everything in standard format: for a saved CPU state. */
    public static void saveAll(RegisterFile cpu, StateArea area) {
        saveX87(cpu, area, true);
        savePointers(cpu, area, true);
        area.put(MXCSR, 4, cpu.get32(StateLayout.MXCSR));
        area.put(MXCSR + 4, 4, MXCSR_MASK);
        saveXmm(cpu, area, 16);
        saveYmmHigh(cpu, area, XsaveComponent.AVX.offset(), 16);
        area.put(XSTATE_BV, 8, X87 | SSE | AVX);
    }

    /** Takes over what {@link #saveAll} wrote. Components absent from XSTATE_BV get their initial values. */
    public static void restoreAll(RegisterFile cpu, StateArea area) {
        long present = area.get(XSTATE_BV, 8);
        if ((present & X87) != 0) {
            restoreX87(cpu, area, true);
        } else {
            initialiseX87(cpu);
        }
        cpu.put32(StateLayout.MXCSR, (int) area.get(MXCSR, 4) & MXCSR_MASK);
        if ((present & SSE) != 0) {
            restoreXmm(cpu, area, 16);
        } else {
            clearXmm(cpu, 16);
        }
        if ((present & AVX) != 0) {
            restoreYmmHigh(cpu, area, XsaveComponent.AVX.offset(), 16);
        } else {
            clearYmmHigh(cpu, 16);
        }
    }
}
