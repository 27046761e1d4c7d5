package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.isa.Flags;

/** MOV to and from debug registers (SDM vol. 3, 18.2). */
final class DebugRegisters {
    private static final long DR6_FIXED = 0xffff0ff0L;
    private static final long DR6_WRITABLE = 0xe00fL;
    private static final long DR7_FIXED = 0x400;
    private static final long DR7_WRITABLE = 0xffff23ffL;
    private static final long GENERAL_DETECT = 1 << 13;
    private static final long ACCESS_DETECTED = 1 << 13;
    private static final long ENABLES = 0xff;

    private DebugRegisters() {}

    /** DR4 and DR5 are DR6 and DR7, or nothing at all under CR4.DE; DR7.GD traps every access. */
    private static int check(Cpu cpu, Op op, int number) {
        int actual = number;
        if (number == 4 || number == 5) {
            if ((cpu.cr4 & ControlBits.CR4_DE) != 0) {
                throw cpu.invalidOpcode(op);
            }
            actual = number + 2;
        }
        if ((cpu.dr7 & GENERAL_DETECT) != 0) {
            cpu.dr6 |= ACCESS_DETECTED;
            // A fault, unlike most #DB (SDM vol. 3, 18.3.1.1 and 18.3.1.3).
            cpu.setFlag(Flags.RF, true);
            throw cpu.fault(op, 1, false, 0);
        }
        return actual;
    }

    static long read(Cpu cpu, Op op, int number) {
        int actual = check(cpu, op, number);
        return switch (actual) {
            case 6 -> cpu.dr6;
            case 7 -> cpu.dr7;
            default -> cpu.dr[actual];
        };
    }

    static void write(Cpu cpu, Op op, int number, long value) {
        int actual = check(cpu, op, number);
        if (actual >= 6 && value >>> 32 != 0) {
            throw cpu.generalProtection(op, 0);
        }
        boolean armed = (cpu.dr7 & ENABLES) != 0;
        switch (actual) {
            case 6 -> cpu.dr6 = value & DR6_WRITABLE | DR6_FIXED;
            case 7 -> cpu.dr7 = value & DR7_WRITABLE | DR7_FIXED;
            default -> cpu.dr[actual] = value;
        }
        if (actual != 6 && (armed || (cpu.dr7 & ENABLES) != 0)) {
            // Watched pages must lose their fast path, pages no longer watched may have it again.
            cpu.flushAll();
            cpu.debugChanged();
        }
    }
}
