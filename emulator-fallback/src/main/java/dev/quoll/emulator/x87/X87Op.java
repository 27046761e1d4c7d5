package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/**
 * An x87 instruction that waits for pending exceptions and leaves its address, opcode and operand address for the handler
 * of the exceptions it raises itself (SDM vol. 1, 8.1.8).
 */
abstract class X87Op extends TemplateOp {
    /** i of the ST(i) operand that is not ST(0), 0 where there is none. */
    final int index;

    private final int opcode;
    private final int dataSegment;

    /** A prototype. */
    X87Op() {
        index = 0;
        opcode = 0;
        dataSegment = 0;
    }

    X87Op(Instruction instruction) {
        index = stackIndex(instruction);
        opcode = lastOpcode(instruction);
        dataSegment = 0;
    }

    X87Op(Instruction instruction, BlockContext context, Operand.Memory memory, boolean write) {
        super(context, memory, write);
        index = 0;
        opcode = lastOpcode(instruction);
        dataSegment = memory.segment().ordinal();
    }

    private static int stackIndex(Instruction instruction) {
        int index = 0;
        for (int i = 0; i < instruction.operandCount(); i++) {
            if (instruction.operand(i) instanceof Operand.Register register && register.cls() == RegisterClass.X87) {
                index |= register.number();
            }
        }
        return index;
    }

    /** The 11 bits of the last-opcode register: three of the first byte, then ModRM. */
    private static int lastOpcode(Instruction instruction) {
        return (instruction.opcode() & 7) << 8 | instruction.modrm();
    }

    /** As {@link MmxRegisters.checkPending}. */
    final void checkPending(Cpu cpu) {
        MmxRegisters.checkPending(cpu, this);
    }

    /** Takes note of an instruction without memory operand. */
    final void record(Cpu cpu) {
        cpu.put32(StateLayout.X87_OPCODE, opcode);
        cpu.set64(StateLayout.X87_INSTRUCTION, rip(cpu));
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, cpu.selector[RegisterFile.CS]);
    }

    /** Takes note of an instruction with a memory operand, which has been accessed without fault. */
    final void recordData(Cpu cpu) {
        record(cpu);
        cpu.set64(StateLayout.X87_DATA, offset(cpu));
        cpu.put32(StateLayout.X87_DATA_SELECTOR, cpu.selector[dataSegment]);
    }
}
