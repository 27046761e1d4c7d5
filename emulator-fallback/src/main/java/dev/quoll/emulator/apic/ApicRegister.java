package dev.quoll.emulator.apic;

/**
 * Offsets of the local APIC's registers in its page and which bits they have (SDM vol. 3, table 12-1; in x2APIC mode
 * the register at offset n is MSR 0x800 + n / 16, table 12-6).
 */
final class ApicRegister {
    static final int ID = 0x20;
    static final int VERSION_REGISTER = 0x30;
    static final int TPR = 0x80;
    static final int APR = 0x90;
    static final int PPR = 0xa0;
    static final int EOI = 0xb0;
    static final int RRD = 0xc0;
    static final int LDR = 0xd0;
    static final int DFR = 0xe0;
    static final int SVR = 0xf0;
    /** First of eight, as are TMR and IRR. */
    static final int ISR = 0x100;

    static final int TMR = 0x180;
    static final int IRR = 0x200;
    static final int ESR = 0x280;
    static final int ICR_LOW = 0x300;
    static final int ICR_HIGH = 0x310;
    /** First of the local vector table, {@link #LVT_ERROR} is its last. */
    static final int LVT_TIMER = 0x320;

    static final int LVT_ERROR = 0x370;
    static final int TIMER_INITIAL = 0x380;
    static final int TIMER_CURRENT = 0x390;
    static final int TIMER_DIVIDE = 0x3e0;
    /** x2APIC mode only. */
    static final int SELF_IPI = 0x3f0;

    /** Vector, enable, focus checking, EOI broadcast suppression. */
    static final int SVR_WRITABLE = 0x13ff;

    /** Bits of ICR that raise #GP in x2APIC mode. */
    static final long X2APIC_ICR_RESERVED = 0xfff3_2000L;

    static final int LVT_REMOTE_IRR = 1 << 14;

    private static final int LVT_DELIVERY_STATUS = 1 << 12;

    /** Writable bits: timer, thermal, performance, LINT0, LINT1, error. */
    private static final int[] LVT_WRITABLE = {0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff};

    private ApicRegister() {}

    static int lvtEntries() {
        return LVT_WRITABLE.length;
    }

    static int lvtWritable(int entry) {
        return LVT_WRITABLE[entry];
    }

    /** Whether the page has a register at an offset (a multiple of 16). */
    static boolean exists(int offset) {
        return switch (offset) {
            case ID, VERSION_REGISTER, TPR, APR, PPR, EOI, RRD, LDR, DFR, SVR, ESR, ICR_LOW, ICR_HIGH -> true;
            case TIMER_INITIAL, TIMER_CURRENT, TIMER_DIVIDE -> true;
            default -> offset >= ISR && offset < ESR || isLvt(offset);
        };
    }

    /** Whether RDMSR finds a register. */
    static boolean x2ApicReadable(int offset) {
        return switch (offset) {
            case EOI, ICR_HIGH, DFR, APR, RRD -> false;
            default -> exists(offset);
        };
    }

    /** Whether WRMSR of a register other than ICR takes a value. */
    static boolean x2ApicTakes(int offset, long value) {
        return switch (offset) {
            case EOI, ESR -> value == 0;
            case TPR, SELF_IPI -> (value & ~0xffL) == 0;
            case SVR -> (value & ~(long) SVR_WRITABLE) == 0;
            case TIMER_DIVIDE -> (value & ~0xbL) == 0;
            case TIMER_INITIAL -> value >>> 32 == 0;
            default -> {
                // The read-only status bits of the LVT may be written back.
                long status = LVT_DELIVERY_STATUS | LVT_REMOTE_IRR;
                yield isLvt(offset) && (value & ~(LVT_WRITABLE[offset - LVT_TIMER >> 4] | status)) == 0;
            }
        };
    }

    static boolean isLvt(int offset) {
        return offset >= LVT_TIMER && offset <= LVT_ERROR;
    }
}
