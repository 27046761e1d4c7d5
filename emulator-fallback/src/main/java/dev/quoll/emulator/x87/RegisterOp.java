package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** Moves between stack registers: FST ST(i), FSTP ST(i), FXCH, FCMOVcc, FFREE, FFREEP. */
final class RegisterOp extends X87Op implements FallThrough {
    static final int STORE = 0;
    static final int STORE_POP = 1;
    /** Opcode D9 /3, which only pops when ST(0) is empty and raises nothing, as measured on AMD Zen 3. */
    static final int STORE_POP_UNCHECKED = 2;
    static final int EXCHANGE = 3;
    static final int FREE = 4;
    static final int FREE_POP = 5;
    /** From here on FCMOVcc: the condition code of CMOVcc is added. */
    static final int MOVE_IF = 16;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);

    RegisterOp() {}

    private RegisterOp(Instruction instruction) {
        super(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new RegisterOp(instruction);
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
        int first = X87Stack.slot(cpu, 0);
        int other = X87Stack.slot(cpu, index);
        switch (OPERATION) {
            case STORE, STORE_POP, STORE_POP_UNCHECKED -> store(cpu, first, other);
            case EXCHANGE -> exchange(cpu, first, other);
            case FREE -> free(cpu, other);
            case FREE_POP -> {
                free(cpu, other);
                X87Stack.pop(cpu);
            }
            default -> moveIf(cpu, first, other);
        }
    }

    private static void free(Cpu cpu, int other) {
        X87Stack.free(cpu, other);
        X87Stack.settle(cpu, 0, false);
    }

    private static void store(Cpu cpu, int first, int other) {
        if (OPERATION == STORE_POP_UNCHECKED && X87Stack.empty(cpu, first)) {
            X87Stack.settle(cpu, 0, false);
        } else if (X87Stack.empty(cpu, first)) {
            if (!X87Stack.underflow(cpu)) {
                return;
            }
            X87Stack.writeIndefinite(cpu, other);
        } else {
            X87Stack.write(cpu, other, X87Stack.signExponent(cpu, first), X87Stack.significand(cpu, first));
            X87Stack.settle(cpu, 0, false);
        }
        if (OPERATION != STORE) {
            X87Stack.pop(cpu);
        }
    }

    private static void exchange(Cpu cpu, int first, int other) {
        boolean firstEmpty = X87Stack.empty(cpu, first);
        boolean otherEmpty = X87Stack.empty(cpu, other);
        if (firstEmpty || otherEmpty) {
            if (!X87Stack.underflow(cpu)) {
                return;
            }
            if (firstEmpty) {
                X87Stack.writeIndefinite(cpu, first);
            }
            if (otherEmpty) {
                X87Stack.writeIndefinite(cpu, other);
            }
        } else {
            X87Stack.settle(cpu, 0, false);
        }
        int signExponent = X87Stack.signExponent(cpu, first);
        long significand = X87Stack.significand(cpu, first);
        X87Stack.write(cpu, first, X87Stack.signExponent(cpu, other), X87Stack.significand(cpu, other));
        X87Stack.write(cpu, other, signExponent, significand);
    }

    private static void moveIf(Cpu cpu, int first, int other) {
        if (X87Stack.empty(cpu, first) || X87Stack.empty(cpu, other)) {
            if (X87Stack.underflow(cpu)) {
                X87Stack.writeIndefinite(cpu, first);
            }
            return;
        }
        if (cpu.condition(OPERATION - MOVE_IF)) {
            X87Stack.write(cpu, first, X87Stack.signExponent(cpu, other), X87Stack.significand(cpu, other));
        }
    }
}
