package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;

/** What an instruction without a memory operand does; the op is where faults are raised. */
@FunctionalInterface
interface Action {
    void run(Cpu cpu, Op op);
}
