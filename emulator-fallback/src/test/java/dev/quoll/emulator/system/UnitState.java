package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What the vector and x87 units hold.
 *
 * @param ymm four quadwords for each of the sixteen registers
 * @param significands of the physical x87 registers
 * @param exponents with their signs
 */
record UnitState(long[] ymm, int mxcsr, int control, int status, int tags, long[] significands, int[] exponents) {
    private static final int REGISTERS = 16;
    private static final int QUADWORDS = 4;
    private static final int X87_REGISTERS = 8;
    private static final int X87_STRIDE = 16;
    private static final int MXCSR_MASKED = 0x1f80;
    private static final int X87_MASKED = 0x3f;
    private static final int X87_CONTROL = 0xf40;
    /** TOP, conditions, stack fault and exceptions; nothing is pending. */
    private static final int X87_STATUS = 0x7f7f;

    private static final int X87_SSE_AVX = 7;
    private static final int ONE = 0x3fff;

    /** Random ones, of which most mask all exceptions. */
    static UnitState random(Random random) {
        boolean masked = random.nextInt(8) != 0;
        int[] exponents = new int[X87_REGISTERS];
        long[] significands = random.longs(X87_REGISTERS).toArray();
        for (int i = 0; i < X87_REGISTERS; i++) {
            exponents[i] = random.nextBoolean() ? random.nextInt(0x10000) : ONE + random.nextInt(-60, 60);
            significands[i] |= random.nextInt(8) == 0 ? 0 : Long.MIN_VALUE;
        }
        return new UnitState(
                random.longs((long) REGISTERS * QUADWORDS).toArray(),
                random.nextInt(0x10000) | (masked ? MXCSR_MASKED : 0),
                random.nextInt(0x10000) & (X87_CONTROL | X87_MASKED) | X87_CONTROL & 0x40 | (masked ? X87_MASKED : 0),
                masked ? random.nextInt() & X87_STATUS : 0,
                random.nextInt(0x10000) & random.nextInt(0x10000),
                significands,
                exponents);
    }

    /** Enables the units and fills them. */
    void load(SystemMachine m) {
        m.cr4 |= ControlBits.CR4_OSFXSR | ControlBits.CR4_OSXSAVE | ControlBits.CR4_OSXMMEXCPT;
        m.cr0 |= ControlBits.CR0_NE;
        m.xcr0 = X87_SSE_AVX;
        m.updateMode();
        for (int i = 0; i < ymm.length; i++) {
            m.set64(slot(i), ymm[i]);
        }
        m.put32(StateLayout.MXCSR, mxcsr);
        m.put32(StateLayout.X87_CONTROL, control);
        m.put32(StateLayout.X87_STATUS, status);
        m.put32(StateLayout.X87_TAG, tags);
        for (int i = 0; i < X87_REGISTERS; i++) {
            m.set64(StateLayout.X87 + X87_STRIDE * i, significands[i]);
            m.set64(StateLayout.X87 + X87_STRIDE * i + 8, exponents[i]);
        }
    }

    private static int slot(int quadword) {
        return StateLayout.xmm(quadword / QUADWORDS) + quadword % QUADWORDS * 8;
    }

    /** What is in a machine's units, a line for each thing. */
    static List<String> text(RegisterFile m) {
        List<String> text = new ArrayList<>();
        for (int i = 0; i < REGISTERS * QUADWORDS; i++) {
            text.add("ymm%d.%d %x".formatted(i / QUADWORDS, i % QUADWORDS, m.get64(slot(i))));
        }
        text.add("mxcsr %x".formatted(m.get32(StateLayout.MXCSR)));
        int tags = m.get32(StateLayout.X87_TAG);
        for (int i = 0; i < X87_REGISTERS; i++) {
            // What kind of number it is is found out when the tags are stored.
            boolean empty = (tags >>> 2 * i & 3) == 3;
            text.add("x87 register %d %x %x%s".formatted(
                    i, m.get64(StateLayout.X87 + X87_STRIDE * i + 8), m.get64(StateLayout.X87 + X87_STRIDE * i), empty ? " empty" : ""));
        }
        text.add("x87 control %x status %x opcode %x".formatted(
                m.get32(StateLayout.X87_CONTROL), m.get32(StateLayout.X87_STATUS), m.get32(StateLayout.X87_OPCODE)));
        text.add("x87 instruction %x:%x operand %x:%x".formatted(
                m.get32(StateLayout.X87_INSTRUCTION_SELECTOR),
                m.get64(StateLayout.X87_INSTRUCTION),
                m.get32(StateLayout.X87_DATA_SELECTOR),
                m.get64(StateLayout.X87_DATA)));
        return text;
    }
}
