package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** Instructions that wait and touch status or TOP alone: FXAM, FNOP, FINCSTP, FDECSTP. */
final class StatusOp extends X87Op implements FallThrough {
    static final int NOTHING = 0;
    static final int EXAMINE = 1;
    static final int INCREMENT = 2;
    static final int DECREMENT = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);

    StatusOp() {}

    private StatusOp(Instruction instruction) {
        super(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new StatusOp(instruction);
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
        switch (OPERATION) {
            case EXAMINE -> examine(cpu);
            case INCREMENT -> rotate(cpu, 1);
            case DECREMENT -> rotate(cpu, -1);
            default -> {}
        }
    }

    private static void examine(Cpu cpu) {
        int first = X87Stack.slot(cpu, 0);
        int bits = Float80.examine(X87Stack.signExponent(cpu, first), X87Stack.significand(cpu, first));
        if (X87Stack.empty(cpu, first)) {
            bits = bits & X87Stack.C1 | X87Stack.C3 | X87Stack.C0;
        }
        X87Stack.setConditions(cpu, X87Stack.CONDITIONS, bits);
    }

    private static void rotate(Cpu cpu, int by) {
        X87Stack.rotate(cpu, by);
        X87Stack.settle(cpu, 0, false);
    }
}
