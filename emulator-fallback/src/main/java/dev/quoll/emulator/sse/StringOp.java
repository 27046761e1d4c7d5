package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.StringCompare;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM. */
final class StringOp extends XmmOp implements FallThrough {
    private static final boolean EXPLICIT = OpTemplate.flag(MethodHandles.lookup(), 0);
    private static final boolean MASK = OpTemplate.flag(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final boolean VEX = OpTemplate.flag(MethodHandles.lookup(), 3);

    private final int immediate;
    /** Bytes of the explicit lengths: 8 with REX.W. */
    private final int lengthSize;

    StringOp() {
        immediate = 0;
        lengthSize = 0;
    }

    private StringOp(Instruction instruction) {
        super(instruction);
        immediate = immediate(instruction);
        lengthSize = instruction.operandSize() == 8 ? 8 : 4;
    }

    private StringOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        immediate = immediate(instruction);
        lengthSize = instruction.operandSize() == 8 ? 8 : 4;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new StringOp(instruction) : new StringOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long bl = sourceLow(cpu, FORM, va, host);
        long bh = sourceHigh(cpu, FORM, va, host);
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        int outcome = EXPLICIT
                ? StringCompare.explicit(
                        al,
                        ah,
                        cpu.getSized(StateLayout.RAX, lengthSize),
                        bl,
                        bh,
                        cpu.getSized(StateLayout.RDX, lengthSize),
                        immediate)
                : StringCompare.implicit(al, ah, bl, bh, immediate);
        if (MASK) {
            cpu.setXmm(0, StringCompare.maskLow(outcome, immediate), StringCompare.maskHigh(outcome, immediate));
            if (VEX) {
                cpu.clearUpperYmm(0);
            }
        } else {
            cpu.set32(StateLayout.RCX, StringCompare.index(outcome, immediate));
        }
        cpu.setArithmeticFlags(StringCompare.flags(outcome));
    }
}
