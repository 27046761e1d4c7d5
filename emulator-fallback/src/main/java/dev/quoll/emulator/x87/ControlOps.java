package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;

/** Control instructions: they leave the last-instruction pointers alone (SDM vol. 1, 8.1.8 and 8.3.11). */
final class ControlOps {
    @FunctionalInterface
    private interface Register {
        void execute(Cpu cpu);
    }

    private ControlOps() {}

    /** The op, or null for other mnemonics. */
    static Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case FNINIT -> settling(X87Stack::initialise);
            case FNCLEX -> settling(X87Stack::clearExceptions);
            // Of the 8087 and 80287; no-operations ever since (SDM vol. 3, 24.18.9).
            case FNENI, FNDISI, FNSETPM -> plain(cpu -> {});
            case FWAIT -> new Wait();
            case FLDCW -> new LoadControl(instruction, context);
            case FNSTCW -> new StoreWord(instruction, context, StateLayout.X87_CONTROL);
            case FNSTSW ->
                instruction.memory() == null
                        ? plain(cpu -> cpu.set16(StateLayout.RAX, X87Stack.status(cpu)))
                        : new StoreWord(instruction, context, StateLayout.X87_STATUS);
            case FLDENV, FRSTOR, FNSTENV, FNSAVE -> new EnvironmentOp(instruction, context);
            default -> null;
        };
    }

    private static Op settling(Register action) {
        return plain(cpu -> {
            action.execute(cpu);
            cpu.numericErrorSettled();
        });
    }

    private static Op plain(Register action) {
        return new SimpleOp() {
            @Override
            public void execute(Cpu cpu) {
                action.execute(cpu);
            }
        };
    }

    /** FWAIT, which CR0.EM does not stop, and CR0.TS only together with CR0.MP (SDM vol. 3, 2.5). */
    private static final class Wait extends SimpleOp {
        private static final long MONITORED = ControlBits.CR0_MP | ControlBits.CR0_TS;

        @Override
        public void execute(Cpu cpu) {
            if ((cpu.cr0 & MONITORED) == MONITORED) {
                throw cpu.deviceNotAvailable(this);
            }
            MmxRegisters.checkPending(cpu, this);
        }
    }

    private static final class LoadControl extends SimpleMemOp {
        LoadControl(Instruction instruction, BlockContext context) {
            super(context, instruction.memory(), false);
        }

        @Override
        public void execute(Cpu cpu) {
            MmxRegisters.checkPending(cpu, this);
            X87Stack.loadControl(cpu, cpu.load16(this, address(cpu)));
            cpu.numericErrorSettled();
        }
    }

    private static final class StoreWord extends SimpleMemOp {
        private final int slot;

        StoreWord(Instruction instruction, BlockContext context, int slot) {
            super(context, instruction.memory(), true);
            this.slot = slot;
        }

        @Override
        public void execute(Cpu cpu) {
            cpu.store16(this, address(cpu), cpu.get16(slot));
        }
    }
}
