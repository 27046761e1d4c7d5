package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.fpu.Float80;
import dev.quoll.emulator.fpu.FpException;

/**
 * The x87 register stack, status word and stack faults (SDM vol. 1, 8.1.2 to 8.1.7 and 8.5.1.1). A register is named by the
 * state-block slot of its significand.
 */
final class X87Stack {
    static final int C0 = 1 << 8;
    static final int C1 = 1 << 9;
    static final int C2 = 1 << 10;
    static final int C3 = 1 << 14;
    static final int CONDITIONS = C0 | C1 | C2 | C3;

    /** SF: the invalid operation was a stack fault. */
    static final int STACK_FAULT = 1 << 6;
    /** ES, which tells that an unmasked exception is pending, and B, which mirrors it. */
    static final int PENDING = 1 << 15 | 1 << 7;

    static final int CONTROL_INITIAL = 0x37f;
    static final int ALL_EMPTY = 0xffff;

    /** Bits of the control word that can be written; bit 6 reads as 1. */
    private static final int CONTROL_WRITABLE = 0x1f3f;

    private static final int CONTROL_FIXED = 0x40;
    private static final int TOP_SHIFT = 11;
    private static final int TOP = 7 << TOP_SHIFT;
    private static final int EMPTY = 3;

    private X87Stack() {}

    static int status(RegisterFile cpu) {
        return cpu.get32(StateLayout.X87_STATUS);
    }

    static int control(RegisterFile cpu) {
        return cpu.get32(StateLayout.X87_CONTROL);
    }

    /** Slot of ST(i); of the register that the next push fills for 7 or -1. */
    static int slot(RegisterFile cpu, int i) {
        return StateLayout.X87 + ((status(cpu) >>> TOP_SHIFT) + i & 7) * 16;
    }

    static boolean empty(RegisterFile cpu, int slot) {
        return (cpu.get32(StateLayout.X87_TAG) >>> tagShift(slot) & EMPTY) == EMPTY;
    }

    private static int tagShift(int slot) {
        return slot - StateLayout.X87 >> 3;
    }

    static void free(RegisterFile cpu, int slot) {
        cpu.put32(StateLayout.X87_TAG, cpu.get32(StateLayout.X87_TAG) | EMPTY << tagShift(slot));
    }

    static int signExponent(RegisterFile cpu, int slot) {
        return cpu.get16(slot + 8) & 0xffff;
    }

    static long significand(RegisterFile cpu, int slot) {
        return cpu.get64(slot);
    }

    static boolean isNan(int signExponent, long significand) {
        return (signExponent & 0x7fff) == 0x7fff && significand << 1 != 0;
    }

    /** Fills a register. */
    static void write(RegisterFile cpu, int slot, int signExponent, long significand) {
        cpu.set64(slot, significand);
        cpu.set64(slot + 8, signExponent & 0xffff);
        cpu.put32(StateLayout.X87_TAG, cpu.get32(StateLayout.X87_TAG) & ~(EMPTY << tagShift(slot)));
    }

    /** Writes a register that is in use. */
    static void replace(RegisterFile cpu, int slot, int signExponent, long significand) {
        cpu.set64(slot, significand);
        cpu.set64(slot + 8, signExponent & 0xffff);
    }

    /** The masked response to a stack fault. */
    static void writeIndefinite(RegisterFile cpu, int slot) {
        write(cpu, slot, Float80.INDEFINITE_SIGN_EXPONENT, Float80.INDEFINITE_SIGNIFICAND);
    }

    /** Moves TOP, by 1 or -1, and touches no tag. */
    static void rotate(RegisterFile cpu, int by) {
        int status = status(cpu);
        cpu.put32(StateLayout.X87_STATUS, status & ~TOP | status + (by << TOP_SHIFT) & TOP);
    }

    static void pop(RegisterFile cpu) {
        free(cpu, slot(cpu, 0));
        rotate(cpu, 1);
    }

    static void push(RegisterFile cpu, int signExponent, long significand) {
        rotate(cpu, -1);
        write(cpu, slot(cpu, 0), signExponent, significand);
    }

    static void pushIndefinite(RegisterFile cpu) {
        push(cpu, Float80.INDEFINITE_SIGN_EXPONENT, Float80.INDEFINITE_SIGNIFICAND);
    }

    /** An operand is empty: raises the stack fault and tells whether the masked response is due. */
    static boolean underflow(RegisterFile cpu) {
        settle(cpu, FpException.INVALID | STACK_FAULT, false);
        return invalidMasked(cpu);
    }

    /** The register to push to is not empty: as {@link #underflow}. */
    static boolean overflow(RegisterFile cpu) {
        settle(cpu, FpException.INVALID | STACK_FAULT, true);
        return invalidMasked(cpu);
    }

    /** Whether a push finds an empty register; else raises the stack fault and gives the masked response. */
    static boolean roomToPush(RegisterFile cpu) {
        if (empty(cpu, slot(cpu, 7))) {
            return true;
        }
        if (overflow(cpu)) {
            pushIndefinite(cpu);
        }
        return false;
    }

    private static boolean invalidMasked(RegisterFile cpu) {
        return (control(cpu) & FpException.INVALID) != 0;
    }

    /** Ends an instruction: adds its exceptions to the status word and sets C1. */
    static void settle(RegisterFile cpu, int raised, boolean c1) {
        int before = status(cpu);
        int after = before & ~C1 | (c1 ? C1 : 0) | raised;
        if (after != before) {
            boolean unmasked = (raised & ~control(cpu) & FpException.ALL) != 0;
            cpu.put32(StateLayout.X87_STATUS, after | (unmasked ? PENDING : 0));
        }
    }

    /** Adds exceptions, and the stack fault, to the status word. */
    static void raise(RegisterFile cpu, int raised) {
        boolean unmasked = (raised & ~control(cpu) & FpException.ALL) != 0;
        cpu.put32(StateLayout.X87_STATUS, status(cpu) | raised | (unmasked ? PENDING : 0));
    }

    /** Replaces some of the condition bits. */
    static void setConditions(RegisterFile cpu, int which, int bits) {
        cpu.put32(StateLayout.X87_STATUS, status(cpu) & ~which | bits);
    }

    /** Loads the control word: unmasking a sticky exception makes it pending. */
    static void loadControl(RegisterFile cpu, int value) {
        cpu.put32(StateLayout.X87_CONTROL, value & CONTROL_WRITABLE | CONTROL_FIXED);
        summarise(cpu);
    }

    /** Recomputes ES and B from the sticky exceptions and the masks. */
    static void summarise(RegisterFile cpu) {
        int status = status(cpu) & 0xffff & ~PENDING;
        boolean pending = (status & ~control(cpu) & FpException.ALL) != 0;
        cpu.put32(StateLayout.X87_STATUS, pending ? status | PENDING : status);
    }

    /** FNCLEX: drops exceptions, the stack fault and what is pending. */
    static void clearExceptions(RegisterFile cpu) {
        cpu.put32(StateLayout.X87_STATUS, status(cpu) & ~(FpException.ALL | STACK_FAULT | PENDING));
    }

    /** FNINIT; the registers keep their contents. */
    static void initialise(RegisterFile cpu) {
        cpu.put32(StateLayout.X87_CONTROL, CONTROL_INITIAL);
        cpu.put32(StateLayout.X87_STATUS, 0);
        cpu.put32(StateLayout.X87_TAG, ALL_EMPTY);
        cpu.put32(StateLayout.X87_OPCODE, 0);
        cpu.set64(StateLayout.X87_INSTRUCTION, 0);
        cpu.set64(StateLayout.X87_DATA, 0);
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0);
        cpu.put32(StateLayout.X87_DATA_SELECTOR, 0);
    }
}
