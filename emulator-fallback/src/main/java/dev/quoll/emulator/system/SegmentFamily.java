package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.RaisingOp;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/** MOV, PUSH and POP of segment registers, and LDS, LES, LFS, LGS, LSS. */
final class SegmentFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case MOV -> move(instruction, context);
            case PUSH -> segmentOperand(instruction, 0) >= 0 ? push(instruction) : null;
            case POP -> segmentOperand(instruction, 0) >= 0 ? pop(instruction) : null;
            case LES -> pointer(instruction, context, RegisterFile.ES);
            case LSS -> pointer(instruction, context, RegisterFile.SS);
            case LDS -> pointer(instruction, context, RegisterFile.DS);
            case LFS -> pointer(instruction, context, RegisterFile.FS);
            case LGS -> pointer(instruction, context, RegisterFile.GS);
            default -> null;
        };
    }

    /** Number of the segment register at an operand's place, or -1. */
    private static int segmentOperand(Instruction instruction, int position) {
        return instruction.operandCount() > position
                        && instruction.operand(position) instanceof Operand.Register register
                        && register.cls() == RegisterClass.SEGMENT
                ? register.number()
                : -1;
    }

    private static Op move(Instruction instruction, BlockContext context) {
        int target = segmentOperand(instruction, 0);
        if (target == RegisterFile.CS) {
            return new RaisingOp(6, false);
        }
        if (target >= 0) {
            return WordOps.read(instruction, context, 1, (cpu, op, word) -> load(cpu, op, target, word));
        }
        int source = segmentOperand(instruction, 1);
        return source < 0 ? null : WordOps.write(instruction, context, (cpu, op) -> cpu.selector[source]);
    }

    private static void load(Cpu cpu, Op op, int segment, int selector) {
        cpu.setRip(op.rip(cpu));
        SegmentLoader.load(cpu, segment, selector);
        loaded(cpu, segment);
    }

    private static void loaded(Cpu cpu, int segment) {
        if (!cpu.is64()) {
            cpu.updateMode();
        }
        if (segment == RegisterFile.SS) {
            cpu.beginMovSsShadow();
        }
    }

    private static Op push(Instruction instruction) {
        int segment = segmentOperand(instruction, 0);
        int size = instruction.operandSize();
        return new ActionOp(instruction, (cpu, op) -> cpu.push(op, size, cpu.selector[segment]));
    }

    private static Op pop(Instruction instruction) {
        int segment = segmentOperand(instruction, 0);
        int size = instruction.operandSize();
        return new ActionOp(instruction, (cpu, op) -> {
            cpu.setRip(op.rip(cpu));
            long before = cpu.get64(StateLayout.RSP);
            int selector = (int) cpu.pop(op, size) & 0xffff;
            try {
                SegmentLoader.load(cpu, segment, selector);
            } catch (GuestFault fault) {
                cpu.set64(StateLayout.RSP, before);
                throw fault;
            }
            loaded(cpu, segment);
        });
    }

    private static Op pointer(Instruction instruction, BlockContext context, int segment) {
        int size = instruction.operandSize();
        int slot = StateLayout.gpr(((Operand.Register) instruction.operand(0)).number());
        return new AddressOp(instruction, context, size, false, (cpu, op, address) -> {
            long offset = cpu.loadSized(op, address, size);
            op.checkMore(cpu, address, size + 2, false);
            int selector = cpu.load16(op, cpu.part(address, size));
            cpu.setRip(op.rip(cpu));
            SegmentLoader.load(cpu, segment, selector);
            cpu.setSized(slot, size, offset);
            // LSS writes SS and its pointer at once and needs no shadow.
            if (!cpu.is64()) {
                cpu.updateMode();
            }
        });
    }
}
