package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80Constant;
import dev.quoll.emulator.fpu.Float80Partial;
import dev.quoll.emulator.fpu.Float80Transcendental;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** FXTRACT, FPTAN and FSINCOS: one result replaces ST(0), the other is pushed. */
final class PairOp extends X87Op implements FallThrough {
    static final int EXTRACT = 0;
    static final int TANGENT = 1;
    static final int SINE_COSINE = 2;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);

    PairOp() {}

    private PairOp(Instruction instruction) {
        super(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new PairOp(instruction);
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
        if (OPERATION != EXTRACT) {
            X87Stack.setConditions(cpu, X87Stack.C2, 0);
        }
        int first = X87Stack.slot(cpu, 0);
        boolean underflow = X87Stack.empty(cpu, first);
        if (underflow || !X87Stack.empty(cpu, X87Stack.slot(cpu, 7))) {
            if (underflow ? X87Stack.underflow(cpu) : X87Stack.overflow(cpu)) {
                X87Stack.writeIndefinite(cpu, first);
                X87Stack.pushIndefinite(cpu);
            }
        } else {
            int signExponent = X87Stack.signExponent(cpu, first);
            long significand = X87Stack.significand(cpu, first);
            if (OPERATION != EXTRACT && Float80Transcendental.outOfRange(signExponent, significand)) {
                X87Stack.setConditions(cpu, X87Stack.C1 | X87Stack.C2, X87Stack.C2);
            } else {
                compute(cpu, first, signExponent, significand);
            }
        }
    }

    private static void compute(Cpu cpu, int first, int ase, long as) {
        X87Operation operation = cpu.x87Operation();
        operation.begin(X87Stack.control(cpu));
        switch (OPERATION) {
            case EXTRACT -> Float80Partial.extractExponent(ase, as, operation);
            case TANGENT -> Float80Transcendental.tangent(ase, as, operation);
            default -> Float80Transcendental.sine(ase, as, operation);
        }
        int signExponent = operation.signExponent();
        long significand = operation.significand();
        boolean roundedUp = operation.roundedUp();
        switch (OPERATION) {
            case EXTRACT -> Float80Partial.extractSignificand(ase, as, operation);
            case TANGENT -> pushedByTangent(signExponent, significand, operation);
            default -> Float80Transcendental.cosine(ase, as, operation);
        }
        X87Stack.settle(cpu, operation.raised(), OPERATION == TANGENT ? roundedUp : operation.roundedUp());
        if (!operation.storesToRegister()) {
            return;
        }
        X87Stack.write(cpu, first, signExponent, significand);
        X87Stack.push(cpu, operation.signExponent(), operation.significand());
    }

    /** 1.0 behind a number; a NaN stays the result and is pushed as well. */
    private static void pushedByTangent(int signExponent, long significand, X87Operation operation) {
        if (!X87Stack.isNan(signExponent, significand)) {
            Float80Constant.ONE.load(operation);
        }
    }
}
