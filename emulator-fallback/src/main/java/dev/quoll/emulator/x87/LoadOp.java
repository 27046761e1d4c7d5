package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80Convert;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** FLD, FILD and FBLD. */
final class LoadOp extends X87Op implements FallThrough {
    /** A {@link Source}. */
    private static final int SOURCE = OpTemplate.constant(MethodHandles.lookup(), 0);

    LoadOp() {}

    private LoadOp(Instruction instruction) {
        super(instruction);
    }

    private LoadOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new LoadOp(instruction) : new LoadOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        checkPending(cpu);
        if (SOURCE == Source.REGISTER) {
            record(cpu);
            int source = X87Stack.slot(cpu, index);
            if (X87Stack.empty(cpu, source)) {
                if (X87Stack.underflow(cpu)) {
                    X87Stack.pushIndefinite(cpu);
                }
            } else if (X87Stack.roomToPush(cpu)) {
                X87Stack.push(cpu, X87Stack.signExponent(cpu, source), X87Stack.significand(cpu, source));
                X87Stack.settle(cpu, 0, false);
            }
        } else {
            // Ten bytes are accessed as eight and two.
            boolean ten = SOURCE == Source.EXTENDED || SOURCE == Source.BCD;
            long va = ten ? partAddress(cpu, 0, 8) : address(cpu);
            long low = load(cpu, va, Source.bytes(SOURCE));
            int high = 0;
            if (ten) {
                checkSpan(cpu, va, 10, false);
                high = cpu.load16(this, cpu.part(va, 8));
            }
            recordData(cpu);
            if (X87Stack.roomToPush(cpu)) {
                push(cpu, low, high);
            }
        }
    }

    private static void push(Cpu cpu, long low, int high) {
        if (SOURCE == Source.EXTENDED) {
            X87Stack.push(cpu, high, low);
            X87Stack.settle(cpu, 0, false);
            return;
        }
        X87Operation operation = cpu.x87Operation();
        operation.begin(X87Stack.control(cpu));
        switch (SOURCE) {
            case Source.SINGLE -> Float80Convert.fromSingle((int) low, operation);
            case Source.DOUBLE -> Float80Convert.fromDouble(low, operation);
            case Source.BCD -> Float80Convert.fromBcd(low, high, operation);
            default -> Float80Convert.fromLong(low, operation);
        }
        if (operation.pushesLoad()) {
            X87Stack.push(cpu, operation.signExponent(), operation.significand());
        }
        X87Stack.settle(cpu, operation.raised(), false);
    }
}
