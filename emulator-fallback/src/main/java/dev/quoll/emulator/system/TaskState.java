package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;

/** What the task-state segment in TR holds for privilege changes and I/O (SDM vol. 3, 7.2, 7.7; vol. 1, 19.5.2). */
final class TaskState {
    private static final int IO_MAP_BASE = 0x66;
    private static final int FIRST_INTERRUPT_STACK = 0x24;

    private TaskState() {}

    private static long address(Cpu cpu, int offset) {
        long address = cpu.segmentBase(RegisterFile.TR) + offset;
        return cpu.longMode() ? address : address & 0xffffffffL;
    }

    private static void check(Cpu cpu, int last, int ext) {
        if (last > cpu.limit[RegisterFile.TR]) {
            throw cpu.invalidTss(null, cpu.selector[RegisterFile.TR] & 0xfffc | ext);
        }
    }

    /** RSP of a privilege level from a 64-bit TSS. */
    static long stackPointer64(Cpu cpu, int level, int ext) {
        return read64(cpu, 4 + 8 * level, ext);
    }

    /** An interrupt stack, 1 to 7, from a 64-bit TSS. */
    static long interruptStack(Cpu cpu, int number, int ext) {
        return read64(cpu, FIRST_INTERRUPT_STACK + 8 * (number - 1), ext);
    }

    private static long read64(Cpu cpu, int offset, int ext) {
        check(cpu, offset + 7, ext);
        long pointer = cpu.loadSystem(address(cpu, offset), 8);
        if (!cpu.canonical(pointer)) {
            throw cpu.stackFault(null, ext);
        }
        return pointer;
    }

    /** Whether TR holds a 32-bit TSS (else a 16-bit one). */
    static boolean is32(Cpu cpu) {
        return (cpu.access[RegisterFile.TR] & 8) != 0;
    }

    /** ESP or SP of a privilege level from a legacy TSS. */
    static long stackPointer(Cpu cpu, int level, int ext) {
        boolean wide = is32(cpu);
        int offset = wide ? 4 + 8 * level : 2 + 4 * level;
        check(cpu, wide ? offset + 5 : offset + 3, ext);
        return cpu.loadSystem(address(cpu, offset), wide ? 4 : 2);
    }

    /** SS of a privilege level from a legacy TSS; {@link #stackPointer} has checked the limit. */
    static int stackSelector(Cpu cpu, int level) {
        return (int) cpu.loadSystem(address(cpu, is32(cpu) ? 8 + 8 * level : 4 + 4 * level), 2);
    }

    /** Whether the I/O permission bitmap lets a task use {@code width} ports from {@code port}. */
    static boolean portAllowed(Cpu cpu, int port, int width) {
        if (!is32(cpu) || cpu.limit[RegisterFile.TR] < IO_MAP_BASE + 1) {
            return false;
        }
        int place = (int) cpu.loadSystem(address(cpu, IO_MAP_BASE), 2) + (port >>> 3);
        // Two bytes are read always, so the map ends with a byte of ones inside the limit.
        if (place + 1 > cpu.limit[RegisterFile.TR]) {
            return false;
        }
        int bits = (int) cpu.loadSystem(address(cpu, place), 2) >>> (port & 7);
        return (bits & (1 << width) - 1) == 0;
    }

    /** Whether the interrupt redirection bitmap sends INT n of virtual-8086 code to its own handler (SDM vol. 3, 20.3). */
    static boolean redirected(Cpu cpu, int vector) {
        if (!is32(cpu) || cpu.limit[RegisterFile.TR] < IO_MAP_BASE + 1) {
            return false;
        }
        int place = (int) cpu.loadSystem(address(cpu, IO_MAP_BASE), 2) - 32 + (vector >>> 3);
        return place >= 0
                && place <= cpu.limit[RegisterFile.TR]
                && (cpu.loadSystem(address(cpu, place), 1) >>> (vector & 7) & 1) == 0;
    }
}
