package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80Constant;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** FLD1, FLDZ, FLDPI and the other constants. */
final class ConstantOp extends X87Op implements FallThrough {
    private static final Float80Constant[] CONSTANTS = Float80Constant.values();

    /** Ordinal of a {@link Float80Constant}. */
    private static final int CONSTANT = OpTemplate.constant(MethodHandles.lookup(), 0);

    ConstantOp() {}

    private ConstantOp(Instruction instruction) {
        super(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new ConstantOp(instruction);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        checkPending(cpu);
        record(cpu);
        if (X87Stack.roomToPush(cpu)) {
            X87Operation operation = cpu.x87Operation();
            operation.begin(X87Stack.control(cpu));
            CONSTANTS[CONSTANT].load(operation);
            X87Stack.push(cpu, operation.signExponent(), operation.significand());
            X87Stack.settle(cpu, 0, false);
        }
    }
}
