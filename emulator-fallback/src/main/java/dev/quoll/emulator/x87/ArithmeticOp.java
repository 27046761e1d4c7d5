package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR with registers, memory and integers, popping or not. */
final class ArithmeticOp extends X87Op implements FallThrough {
    static final int ADD = 0;
    static final int MULTIPLY = 1;
    static final int SUBTRACT = 2;
    static final int SUBTRACT_REVERSED = 3;
    static final int DIVIDE = 4;
    static final int DIVIDE_REVERSED = 5;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    /** A {@link Source}. */
    private static final int SOURCE = OpTemplate.constant(MethodHandles.lookup(), 1);
    /** The target is ST(i), the source ST(0). */
    private static final boolean TO_INDEX = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final boolean POP = OpTemplate.flag(MethodHandles.lookup(), 3);

    ArithmeticOp() {}

    private ArithmeticOp(Instruction instruction) {
        super(instruction);
    }

    private ArithmeticOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new ArithmeticOp(instruction) : new ArithmeticOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        checkPending(cpu);
        int first = X87Stack.slot(cpu, 0);
        int other = first;
        long memory = 0;
        if (SOURCE == Source.REGISTER) {
            record(cpu);
            other = X87Stack.slot(cpu, index);
        } else {
            memory = load(cpu, address(cpu), Source.bytes(SOURCE));
            recordData(cpu);
        }
        int target = TO_INDEX ? other : first;
        if (X87Stack.empty(cpu, first) || X87Stack.empty(cpu, other)) {
            if (X87Stack.underflow(cpu)) {
                X87Stack.writeIndefinite(cpu, target);
                if (POP) {
                    X87Stack.pop(cpu);
                }
            }
        } else {
            X87Operation operation = cpu.x87Operation();
            operation.begin(X87Stack.control(cpu));
            if (SOURCE == Source.REGISTER) {
                int source = TO_INDEX ? first : other;
                compute(
                        cpu, target, X87Stack.signExponent(cpu, source), X87Stack.significand(cpu, source), operation);
            } else {
                Source.convert(SOURCE, memory, operation);
                compute(cpu, target, operation.signExponent(), operation.significand(), operation);
            }
            X87Stack.settle(cpu, operation.raised(), operation.roundedUp());
        }
    }

    private static void compute(Cpu cpu, int target, int bse, long bs, X87Operation operation) {
        int ase = X87Stack.signExponent(cpu, target);
        long as = X87Stack.significand(cpu, target);
        switch (OPERATION) {
            case ADD -> Float80.add(ase, as, bse, bs, operation);
            case MULTIPLY -> Float80.multiply(ase, as, bse, bs, operation);
            case SUBTRACT -> Float80.subtract(ase, as, bse, bs, operation);
            case SUBTRACT_REVERSED -> Float80.subtract(bse, bs, ase, as, operation);
            case DIVIDE -> Float80.divide(ase, as, bse, bs, operation);
            default -> Float80.divide(bse, bs, ase, as, operation);
        }
        if (operation.storesToRegister()) {
            X87Stack.replace(cpu, target, operation.signExponent(), operation.significand());
            if (POP) {
                X87Stack.pop(cpu);
            }
        }
    }
}
