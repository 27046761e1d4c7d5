package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80;
import dev.quoll.emulator.fpu.Float80Partial;
import dev.quoll.emulator.fpu.Float80Transcendental;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** Functions of ST(0), some also of ST(1), whose one result replaces ST(0), or replaces ST(1) and pops. */
final class FunctionOp extends X87Op implements FallThrough {
    static final int CHANGE_SIGN = 0;
    static final int ABSOLUTE = 1;
    static final int SQUARE_ROOT = 2;
    static final int ROUND = 3;
    static final int EXPONENTIAL = 4;
    static final int SINE = 5;
    static final int COSINE = 6;
    // From here on two operands.
    static final int SCALE = 16;
    static final int REMAINDER = 17;
    static final int REMAINDER_NEAREST = 18;
    // From here on the result replaces ST(1).
    static final int ARCTANGENT = 32;
    static final int LOGARITHM = 33;
    static final int LOGARITHM_PLUS_1 = 34;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);

    private static final boolean ANGLE = OPERATION == SINE || OPERATION == COSINE;
    private static final boolean BINARY = OPERATION >= SCALE;
    private static final boolean POP = OPERATION >= ARCTANGENT;
    private static final boolean QUOTIENT = OPERATION == REMAINDER || OPERATION == REMAINDER_NEAREST;

    FunctionOp() {}

    private FunctionOp(Instruction instruction) {
        super(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new FunctionOp(instruction);
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
        if (ANGLE || QUOTIENT) {
            X87Stack.setConditions(cpu, X87Stack.C2, 0);
        }
        int first = X87Stack.slot(cpu, 0);
        int second = X87Stack.slot(cpu, 1);
        if (X87Stack.empty(cpu, first) || BINARY && X87Stack.empty(cpu, second)) {
            if (X87Stack.underflow(cpu)) {
                X87Stack.writeIndefinite(cpu, POP ? second : first);
                if (POP) {
                    X87Stack.pop(cpu);
                }
            }
        } else {
            int signExponent = X87Stack.signExponent(cpu, first);
            long significand = X87Stack.significand(cpu, first);
            if (OPERATION == CHANGE_SIGN || OPERATION == ABSOLUTE) {
                // Not arithmetic: NaNs of both kinds and unsupported encodings pass.
                int sign = OPERATION == CHANGE_SIGN ? signExponent ^ 0x8000 : signExponent & 0x7fff;
                X87Stack.write(cpu, first, sign, significand);
                X87Stack.settle(cpu, 0, false);
            } else if (ANGLE && Float80Transcendental.outOfRange(signExponent, significand)) {
                X87Stack.setConditions(cpu, X87Stack.C1 | X87Stack.C2, X87Stack.C2);
            } else {
                compute(cpu, signExponent, significand, first, second);
            }
        }
    }

    private static void compute(Cpu cpu, int ase, long as, int first, int second) {
        X87Operation operation = cpu.x87Operation();
        operation.begin(X87Stack.control(cpu));
        int bse = BINARY ? X87Stack.signExponent(cpu, second) : 0;
        long bs = BINARY ? X87Stack.significand(cpu, second) : 0;
        int conditions = 0;
        switch (OPERATION) {
            case SQUARE_ROOT -> Float80.squareRoot(ase, as, operation);
            case ROUND -> Float80Partial.roundToInteger(ase, as, operation);
            case EXPONENTIAL -> Float80Transcendental.exp2Minus1(ase, as, operation);
            case SINE -> Float80Transcendental.sine(ase, as, operation);
            case COSINE -> Float80Transcendental.cosine(ase, as, operation);
            case SCALE -> Float80Partial.scale(ase, as, bse, bs, operation);
            case REMAINDER -> conditions = Float80Partial.remainder(ase, as, bse, bs, false, operation);
            case REMAINDER_NEAREST -> conditions = Float80Partial.remainder(ase, as, bse, bs, true, operation);
            case ARCTANGENT -> Float80Transcendental.arctangent(bse, bs, ase, as, operation);
            case LOGARITHM -> Float80Transcendental.yLog2(bse, bs, ase, as, operation);
            default -> Float80Transcendental.yLog2Plus1(bse, bs, ase, as, operation);
        }
        X87Stack.settle(cpu, operation.raised(), operation.roundedUp());
        if (!operation.storesToRegister()) {
            return;
        }
        if (QUOTIENT && !X87Stack.isNan(operation.signExponent(), operation.significand())) {
            X87Stack.setConditions(cpu, X87Stack.CONDITIONS, conditions);
        }
        X87Stack.write(cpu, POP ? second : first, operation.signExponent(), operation.significand());
        if (POP) {
            X87Stack.pop(cpu);
        }
    }
}
