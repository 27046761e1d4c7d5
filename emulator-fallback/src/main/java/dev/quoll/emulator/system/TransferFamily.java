package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.EventDelivery;
import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.RaisingOp;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/** Far JMP, CALL and RET, software interrupts and IRET, system calls, and the opcodes that always raise #UD. */
final class TransferFamily implements OpFamily {
    private final EventDelivery delivery;

    TransferFamily(EventDelivery delivery) {
        this.delivery = delivery;
    }

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        int size = instruction.operandSize();
        return switch (instruction.mnemonic()) {
            case JMP -> instruction.row().flow() == ControlFlow.FAR ? far(instruction, context, false) : null;
            case CALL -> instruction.row().flow() == ControlFlow.FAR ? far(instruction, context, true) : null;
            case RETF -> {
                int release = instruction.operandCount() == 0
                        ? 0
                        : (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xffff;
                yield new TransferOp(instruction, (cpu, op) -> FarReturn.execute(cpu, size, release));
            }
            case IRET -> new TransferOp(instruction, (cpu, op) ->
                    InterruptReturn.execute(cpu, size, op.nextRip(cpu)));
            case INT -> {
                int vector = (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xff;
                yield new TransferOp(instruction, (cpu, op) -> interrupt(cpu, op, vector));
            }
            case INT3 -> new TransferOp(instruction, (cpu, op) -> event(cpu, op, 3, EventDelivery.Source.SOFTWARE));
            case INTO -> new TransferOp(instruction, (cpu, op) -> {
                if (cpu.overflow()) {
                    event(cpu, op, 4, EventDelivery.Source.SOFTWARE);
                } else {
                    cpu.setRip(op.nextRip(cpu));
                }
            });
            // A #DB of the processor's own: the gate's DPL does not matter, and DR6 tells of no cause.
            case INT1 -> new TransferOp(instruction, (cpu, op) -> event(cpu, op, 1, EventDelivery.Source.EXCEPTION));
            case SYSCALL -> new TransferOp(instruction, SystemCalls::enter);
            case SYSRET -> new TransferOp(instruction, (cpu, op) -> SystemCalls.leave(cpu, size == 8));
            case SYSENTER -> new TransferOp(instruction, (cpu, op) -> SystemCalls.sysenter(cpu));
            case SYSEXIT -> new TransferOp(instruction, (cpu, op) -> SystemCalls.sysexit(cpu));
            case UD0, UD1, UD2, RSM -> new RaisingOp(6, false);
            default -> null;
        };
    }

    private static Op far(Instruction instruction, BlockContext context, boolean call) {
        int size = instruction.operandSize();
        // REX.W does not widen the pointer on AMD's processors, but what a CALL pushes.
        int pushed = context.is64() && instruction.rexW() ? 8 : size;
        if (instruction.operand(0) instanceof Operand.FarPointer(int selector, long offset)) {
            return new TransferOp(instruction, (cpu, op) ->
                    FarTransfer.execute(cpu, call, selector, offset, size, pushed, op.nextRip(cpu)));
        }
        return new AddressOp(instruction, context, size, false, (cpu, op, address) -> {
            long offset = cpu.loadSized(op, address, size);
            op.checkMore(cpu, address, size + 2, false);
            int selector = cpu.load16(op, cpu.part(address, size));
            cpu.setRip(op.rip(cpu));
            FarTransfer.execute(cpu, call, selector, offset, size, pushed, op.nextRip(cpu));
        });
    }

    /** INT n: virtual-8086 code needs IOPL 3, or the redirection bitmap sends it to its own handler. */
    private void interrupt(Cpu cpu, Op op, int vector) {
        if (cpu.virtual8086()) {
            boolean allowed = (cpu.systemFlags() & Flags.IOPL) == Flags.IOPL;
            if (VirtualInterruptFlag.extensions(cpu) && TaskState.redirected(cpu, vector)) {
                VirtualInterruptFlag.redirect(cpu, vector, op.nextRip(cpu), allowed);
                return;
            }
            if (!allowed) {
                throw cpu.generalProtection(op, 0);
            }
        }
        event(cpu, op, vector, EventDelivery.Source.SOFTWARE);
    }

    private void event(Cpu cpu, Op op, int vector, EventDelivery.Source source) {
        int task = cpu.selector[RegisterFile.TR];
        cpu.setRip(op.nextRip(cpu));
        try {
            delivery.deliver(cpu, vector, false, 0, source);
        } catch (GuestFault fault) {
            // What a new task raises while it is loaded belongs to its own first instruction.
            if (cpu.selector[RegisterFile.TR] == task) {
                cpu.setRip(op.rip(cpu));
            }
            throw fault;
        }
        cpu.dropTrap();
    }
}
