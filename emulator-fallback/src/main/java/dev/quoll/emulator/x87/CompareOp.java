package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Float80;
import dev.quoll.emulator.fpu.SseCompare;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** FCOM, FUCOM, FICOM, FTST, FCOMI and FUCOMI, with none to two pops. */
final class CompareOp extends X87Op implements FallThrough {
    /** A {@link Source}. */
    private static final int SOURCE = OpTemplate.constant(MethodHandles.lookup(), 0);
    /** A quiet NaN is not invalid. */
    private static final boolean QUIET = OpTemplate.flag(MethodHandles.lookup(), 1);
    /** The answer goes to RFLAGS rather than to the condition bits. */
    private static final boolean TO_FLAGS = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final int POPS = OpTemplate.constant(MethodHandles.lookup(), 3);

    private final int compared;

    CompareOp() {
        compared = 0;
    }

    private CompareOp(Instruction instruction) {
        super(instruction);
        // FCOMPP and FUCOMPP name no operand and mean ST(1).
        compared = POPS == 2 ? 1 : index;
    }

    private CompareOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        compared = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new CompareOp(instruction) : new CompareOp(instruction, context, memory);
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
        if (SOURCE == Source.REGISTER || SOURCE == Source.ZERO) {
            record(cpu);
            other = X87Stack.slot(cpu, compared);
        } else {
            memory = load(cpu, address(cpu), Source.bytes(SOURCE));
            recordData(cpu);
        }
        if (X87Stack.empty(cpu, first) || X87Stack.empty(cpu, other)) {
            answer(cpu, SseCompare.UNORDERED, X87Stack.underflow(cpu));
        } else {
            compare(cpu, first, other, memory);
        }
    }

    private static void compare(Cpu cpu, int first, int other, long memory) {
        X87Operation operation = cpu.x87Operation();
        operation.begin(X87Stack.control(cpu));
        int bse = 0;
        long bs = 0;
        if (SOURCE == Source.REGISTER) {
            bse = X87Stack.signExponent(cpu, other);
            bs = X87Stack.significand(cpu, other);
        } else if (SOURCE != Source.ZERO) {
            Source.convert(SOURCE, memory, operation);
            bse = operation.signExponent();
            bs = operation.significand();
        }
        int flags = Float80.compare(
                X87Stack.signExponent(cpu, first), X87Stack.significand(cpu, first), bse, bs, QUIET, operation);
        X87Stack.raise(cpu, operation.raised());
        answer(cpu, flags, operation.storesToRegister());
    }

    /** Unmasked exceptions hold back the pops alone, as measured on AMD Zen 3. FCOMI leaves C1 as it is. */
    private static void answer(Cpu cpu, int flags, boolean pops) {
        if (TO_FLAGS) {
            cpu.setArithmeticFlags(flags);
        } else {
            X87Stack.setConditions(cpu, X87Stack.CONDITIONS, flags << 8);
        }
        for (int i = 0; pops && i < POPS; i++) {
            X87Stack.pop(cpu);
        }
    }
}
