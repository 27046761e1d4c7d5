package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** CMOVcc and SETcc. */
final class Conditional extends TemplateOp implements FallThrough {
    private static final boolean SET = OpTemplate.flag(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final int CONDITION = OpTemplate.constant(MethodHandles.lookup(), 3);

    private final int target;
    private final int source;

    Conditional() {
        target = 0;
        source = 0;
    }

    private Conditional(Instruction instruction) {
        target = slot(instruction.operand(0));
        source = SET ? 0 : slot(instruction.operand(1));
    }

    private Conditional(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, SET);
        target = SET ? 0 : slot(instruction.operand(0));
        source = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new Conditional(instruction) : new Conditional(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        if (SET) {
            int value = cpu.condition(CONDITION) ? 1 : 0;
            if (MEMORY) {
                cpu.store8(this, address(cpu), value);
            } else {
                cpu.set8(target, value);
            }
        } else {
            // The source is read, and may fault, and a 32-bit destination's upper half cleared, in either case.
            long value = MEMORY ? load(cpu, address(cpu), SIZE) : cpu.getSized(source, SIZE);
            cpu.setSized(target, SIZE, cpu.condition(CONDITION) ? value : cpu.getSized(target, SIZE));
        }
    }
}
