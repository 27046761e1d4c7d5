package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/** What the op templates with MMX operands have in common. */
abstract class MmxTemplate extends TemplateOp {
    /** A prototype, or an op without memory operand. */
    MmxTemplate() {}

    MmxTemplate(BlockContext context, Operand.Memory memory, boolean write) {
        super(context, memory, write);
    }

    /** Slot of an MMX or general register, 0 for other operands. */
    static int anySlot(Operand operand) {
        if (operand instanceof Operand.Register register) {
            return register.cls() == RegisterClass.MMX ? MmxRegisters.slot(register.number()) : slot(operand);
        }
        return 0;
    }

    /** The immediate byte, which is the last operand, or 0. */
    static int immediate(Instruction instruction) {
        Operand last = instruction.operand(instruction.operandCount() - 1);
        return last instanceof Operand.Immediate number ? (int) number.value() & 0xff : 0;
    }
}
