package dev.quoll.emulator.core;

import java.lang.foreign.Arena;

/** Breakpoints of one vCPU: what the debug registers watch (SDM vol. 3, 18.2), and which of it the running instruction has hit. */
abstract class Breakpoints extends Cpu {
    /** DR6 bits of data and port breakpoints hit by the running instruction, or by a load of SS before it. */
    long watchHits;

    Breakpoints(Arena arena, PhysicalMemory physical, CpuGroup group) {
        super(arena, physical, group);
    }

    /** Whether an execution breakpoint is set at RIP; notes it in DR6. */
    final boolean executionBreakpoint() {
        if ((dr7 & 0xff) == 0) {
            return false;
        }
        long linear = is64() ? rip() : segmentBase(CS) + rip() & 0xffffffffL;
        long hits = 0;
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) == 0 && dr[i] == linear) {
                hits |= 1L << i;
            }
        }
        if (hits == 0) {
            return false;
        }
        dr6 |= hits;
        return true;
    }

    private int watchLength(int index) {
        return switch ((int) (dr7 >>> 18 + 4 * index) & 3) {
            case 0 -> 1;
            case 1 -> 2;
            case 3 -> 4;
            default -> 8;
        };
    }

    @Override
    final boolean watchedPage(long linearPage) {
        if ((dr7 & 0xff) == 0) {
            return false;
        }
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) != 0 && (dr[i] & PAGE) == linearPage) {
                return true;
            }
        }
        return false;
    }

    @Override
    final void watchedAccess(long linear, int size, boolean write) {
        for (int i = 0; i < 4; i++) {
            int kind = (int) (dr7 >>> 16 + 4 * i) & 3;
            if ((dr7 >>> 2 * i & 3) == 0 || kind == 0 || kind == 1 && !write || kind == 2) {
                continue;
            }
            int length = watchLength(i);
            long start = dr[i] & -length;
            if (linear < start + length && linear + size > start) {
                watchHits |= 1L << i;
            }
        }
    }

    @Override
    public final void watchPort(int port, int width) {
        if ((dr7 & 0xff) == 0 || (cr4 & ControlBits.CR4_DE) == 0) {
            return;
        }
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) == 2) {
                int length = watchLength(i);
                long start = dr[i] & -length;
                if (port < start + length && port + width > start) {
                    watchHits |= 1L << i;
                }
            }
        }
    }
}
