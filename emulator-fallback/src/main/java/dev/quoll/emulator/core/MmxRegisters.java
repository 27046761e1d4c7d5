package dev.quoll.emulator.core;

/**
 * The MMX registers, which are the significands of the physical x87 registers (SDM vol. 1, 9.6; vol. 3, 12.2). An MMX
 * instruction calls {@link #checkPending} first, {@link #enter} when nothing can fault any more, then reads and writes.
 */
public final class MmxRegisters {
    /** ES of the status word. */
    static final int EXCEPTION_SUMMARY = 1 << 7;
    private static final int TOP = 7 << 11;
    private static final int ONES = 0xffff;

    private MmxRegisters() {}

    /** State-block slot of MM0 to MM7; reading is {@link RegisterFile#get64}. */
    public static int slot(int number) {
        return StateLayout.X87 + 16 * number;
    }

    /**
     * Raises #MF when an unmasked x87 exception is pending; with CR0.NE clear the processor's pins tell the board instead
     * (SDM vol. 3, 2.5).
     */
    public static void checkPending(Cpu cpu, Op op) {
        if ((cpu.get32(StateLayout.X87_STATUS) & EXCEPTION_SUMMARY) != 0) {
            if ((cpu.cr0 & ControlBits.CR0_NE) != 0) {
                throw cpu.x87Fault(op);
            }
            cpu.waitForNumericError(op);
        }
    }

    /** The transition that every MMX instruction but EMMS makes: TOP is 0 and all registers are in use. */
    public static void enter(Cpu cpu) {
        cpu.put32(StateLayout.X87_STATUS, cpu.get32(StateLayout.X87_STATUS) & ~TOP);
        cpu.put32(StateLayout.X87_TAG, 0);
    }

    /** Writes an MMX register: sign and exponent of the x87 register become ones. */
    public static void set(Cpu cpu, int slot, long value) {
        cpu.set64(slot, value);
        cpu.set16(slot + 8, ONES);
    }
}
