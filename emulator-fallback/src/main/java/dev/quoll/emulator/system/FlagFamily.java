package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.EndingOp;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.RaisingOp;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;

/** CLI, STI, PUSHF, POPF, CLAC, STAC (SDM vol. 2; the rules of privilege in vol. 3, 20.3 and table 6-2). */
final class FlagFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case CLI -> new ClearInterrupts();
            case STI -> new SetInterrupts();
            case PUSHF -> new PushFlags(instruction.operandSize());
            case POPF -> new PopFlags(context, instruction.operandSize());
            case CLAC -> alignmentCheck(instruction, context, false);
            case STAC -> alignmentCheck(instruction, context, true);
            default -> null;
        };
    }

    private static Op alignmentCheck(Instruction instruction, BlockContext context, boolean value) {
        if (context.has(Mode.USER)) {
            return new RaisingOp(6, false);
        }
        return new SimpleOp() {
            @Override
            public void execute(Cpu cpu) {
                if (cpu.cpl != 0) {
                    throw cpu.invalidOpcode(this);
                }
                cpu.setFlag(Flags.AC, value);
                cpu.selectContext();
            }
        };
    }

    private static final class ClearInterrupts extends SimpleOp {
        @Override
        public void execute(Cpu cpu) {
            if (cpu.cpl == 0 || VirtualInterruptFlag.ownsInterruptFlag(cpu)) {
                cpu.setFlag(Flags.IF, false);
            } else {
                VirtualInterruptFlag.change(cpu, false, this);
            }
        }
    }

    /**
     * STI. Interrupts are looked at between blocks only and the block ends with the instruction behind this one, so that
     * the shadow needs nothing more; only where that instruction is not in the block is it begun explicitly.
     */
    private static final class SetInterrupts extends Op {
        @Override
        public Block run(Cpu cpu) {
            if (cpu.cpl != 0 && !VirtualInterruptFlag.ownsInterruptFlag(cpu)) {
                VirtualInterruptFlag.change(cpu, true, this);
            } else if (!cpu.flag(Flags.IF)) {
                cpu.setFlag(Flags.IF, true);
                if (hasSuccessor()) {
                    cpu.interruptsMayBeOpen();
                } else {
                    cpu.beginStiShadow();
                }
            }
            return next.run(cpu);
        }
    }

    private static final class PushFlags extends SimpleOp {
        private final int size;

        PushFlags(int size) {
            this.size = size;
        }

        @Override
        public void execute(Cpu cpu) {
            long flags = cpu.rflags() & ~(long) (Flags.VM | Flags.RF);
            if (size == 8) {
                long pointer = cpu.get64(StateLayout.RSP) - 8;
                cpu.storeStack64(this, pointer, flags);
                cpu.set64(StateLayout.RSP, pointer);
                return;
            }
            if (cpu.virtual8086() && (flags & Flags.IOPL) != Flags.IOPL) {
                if (size != 2 || !VirtualInterruptFlag.extensions(cpu)) {
                    throw cpu.generalProtection(this, 0);
                }
                flags = flags & ~(long) Flags.IF | Flags.IOPL | ((flags & Flags.VIF) != 0 ? Flags.IF : 0);
            }
            cpu.push(this, size, flags);
        }
    }

    private static final class PopFlags extends EndingOp {
        private static final int ALWAYS = Flags.STATUS | Flags.TF | Flags.DF | Flags.NT;

        private final int size;

        PopFlags(BlockContext context, int size) {
            super(context);
            this.size = size;
        }

        @Override
        public void execute(Cpu cpu) {
            long old = cpu.rflags();
            int iopl = (int) old >>> 12 & 3;
            boolean virtual = cpu.virtual8086();
            if (virtual && iopl < 3) {
                popVirtual(cpu, old);
                return;
            }
            int mask = ALWAYS;
            if (size >= 4) {
                mask |= Flags.AC | Flags.ID;
            }
            if (cpu.cpl <= iopl || !cpu.protectedMode()) {
                mask |= Flags.IF;
            }
            if (cpu.cpl == 0) {
                mask |= Flags.IOPL;
            }
            long popped = cpu.pop(this, size);
            apply(cpu, old, old & ~(long) (mask | Flags.RF) | popped & mask);
        }

        /** IOPL below 3 in virtual-8086 mode: a 16-bit POPF under CR4.VME moves VIF (SDM vol. 3, 20.3.3). */
        private void popVirtual(Cpu cpu, long old) {
            if (size != 2 || !VirtualInterruptFlag.extensions(cpu)) {
                throw cpu.generalProtection(this, 0);
            }
            long popped = cpu.peek(this, 0, 2);
            boolean enable = (popped & Flags.IF) != 0;
            if (enable && (old & Flags.VIP) != 0 || (popped & Flags.TF) != 0) {
                throw cpu.generalProtection(this, 0);
            }
            cpu.pop(this, 2);
            long flags = old & ~(long) ALWAYS | popped & ALWAYS;
            apply(cpu, old, VirtualInterruptFlag.with(flags, enable));
        }

        private static void apply(Cpu cpu, long old, long flags) {
            cpu.setRflags(flags);
            long changed = old ^ flags;
            if ((changed & Flags.AC) != 0) {
                cpu.selectContext();
            }
            if ((changed & Flags.TF) != 0) {
                cpu.debugChanged();
            }
            if ((changed & flags & Flags.IF) != 0) {
                cpu.interruptsMayBeOpen();
            }
        }
    }
}
