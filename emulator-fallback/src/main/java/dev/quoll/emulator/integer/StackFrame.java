package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;

/** ENTER, PUSHA and POPA. */
final class StackFrame {
    private StackFrame() {}

    /** ENTER (SDM vol. 2, "ENTER"). */
    static final class Enter extends SimpleOp {
        private final int size;
        private final int bytes;
        private final int level;

        /** @param size operand size; @param bytes of local storage; @param level nesting level, 0 to 31 */
        Enter(int size, int bytes, int level) {
            this.size = size;
            this.bytes = bytes;
            this.level = level & 31;
        }

        @Override
        public void execute(Cpu cpu) {
            long before = cpu.get64(StateLayout.RSP);
            boolean done = false;
            try {
                cpu.push(this, size, cpu.get64(StateLayout.RBP));
                long frame = cpu.get64(StateLayout.RSP);
                long old = cpu.get64(StateLayout.RBP);
                for (int i = 1; i < level; i++) {
                    long at = cpu.stackLinear(this, old - (long) i * size, size, false);
                    cpu.push(this, size, cpu.loadStack(this, at, size));
                }
                if (level > 0) {
                    cpu.push(this, size, frame);
                }
                long pointer = cpu.get64(StateLayout.RSP) - bytes;
                // The new top of the stack must be writable, or ENTER faults (it makes the frame, not the next push).
                long top = cpu.stackLinear(this, pointer, size, true);
                cpu.checkAlignment(this, top, size);
                cpu.probeWrite(this, top, size);
                cpu.setStackPointer(pointer);
                cpu.setSized(StateLayout.RBP, size, frame);
                done = true;
            } finally {
                if (!done) {
                    cpu.set64(StateLayout.RSP, before);
                }
            }
        }
    }

    /** PUSHA. */
    static final class PushAll extends SimpleOp {
        private final int size;

        PushAll(int size) {
            this.size = size;
        }

        @Override
        public void execute(Cpu cpu) {
            long pointer = cpu.get64(StateLayout.RSP);
            // A fault leaves SP, but what was pushed before it is in memory. SP is pushed as it was.
            for (int register = 0; register < 8; register++) {
                long value = register == 4 ? pointer : cpu.get64(StateLayout.gpr(register));
                long place = pointer - (register + 1L) * size;
                cpu.storeStack(this, cpu.stackLinear(this, place, size, true), size, value);
            }
            cpu.setStackPointer(pointer - 8L * size);
        }
    }

    /** POPA: the saved SP is skipped. */
    static final class PopAll extends SimpleOp {
        private final int size;

        PopAll(int size) {
            this.size = size;
        }

        @Override
        public void execute(Cpu cpu) {
            long pointer = cpu.get64(StateLayout.RSP);
            // A fault leaves SP, but what was popped before it is in the registers.
            for (int register = 7; register >= 0; register--) {
                long place = pointer + (7L - register) * size;
                long value = cpu.loadStack(this, cpu.stackLinear(this, place, size, false), size);
                if (register != 4) {
                    cpu.setSized(StateLayout.gpr(register), size, value);
                }
            }
            cpu.setStackPointer(pointer + 8L * size);
        }
    }
}
