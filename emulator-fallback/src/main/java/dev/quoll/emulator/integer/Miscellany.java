package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Operand;

/** Instructions too small for a file of their own. */
final class Miscellany {
    private Miscellany() {}

    /** NOP in all its encodings, ENDBR, PREFETCHh: a memory operand is not even translated. */
    static final class Nop extends SimpleOp {
        @Override
        public void execute(Cpu cpu) {
            // Nothing happens.
        }

        @Override
        protected boolean doesNothing() {
            return true;
        }
    }

    /** XLAT: the operand's base is rBX, AL is added within the address size. */
    static final class Translate extends SimpleMemOp {
        Translate(BlockContext context, Operand.Memory memory) {
            super(context, withoutIndex(memory), 1, false);
        }

        private static Operand.Memory withoutIndex(Operand.Memory memory) {
            return new Operand.Memory(
                    memory.segment(),
                    memory.overridden(),
                    3,
                    Operand.Memory.NONE,
                    0,
                    0,
                    1,
                    memory.addressSize());
        }

        @Override
        public void execute(Cpu cpu) {
            long va = address(cpu, cpu.get8(StateLayout.RAX) & 0xff);
            cpu.set8(StateLayout.RAX, cpu.load8(this, va));
        }
    }

    /** BOUND: #BR when the signed index is outside the two bounds in memory. */
    static final class Bound extends SimpleMemOp {
        private final int size;
        private final int index;

        Bound(BlockContext context, Operand.Memory memory, int size, int index) {
            super(context, memory, size, false);
            this.size = size;
            this.index = index;
        }

        @Override
        public void execute(Cpu cpu) {
            long va = address(cpu);
            long lower = size == 2 ? (short) cpu.load16(this, va) : cpu.load32(this, va);
            checkSpan(cpu, va, 2 * size, false);
            long upper = size == 2 ? (short) cpu.load16(this, cpu.part(va, 2)) : cpu.load32(this, cpu.part(va, 4));
            long value = cpu.getSized(index, size);
            if (value < lower || value > upper) {
                throw cpu.fault(this, 5, false, 0);
            }
        }
    }
}
