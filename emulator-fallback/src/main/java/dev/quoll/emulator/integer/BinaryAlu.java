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

/** ADD, OR, ADC, SBB, AND, SUB, XOR, CMP and TEST in every operand form and size. */
final class BinaryAlu extends TemplateOp implements FallThrough {
    // Operations, numbered as in ModRM.reg of opcode 80; TEST follows.
    static final int ADD = 0;
    static final int OR = 1;
    static final int ADC = 2;
    static final int SBB = 3;
    static final int AND = 4;
    static final int SUB = 5;
    static final int XOR = 6;
    static final int CMP = 7;
    static final int TEST = 8;

    // Operand forms.
    static final int REGISTER_REGISTER = 0;
    static final int REGISTER_IMMEDIATE = 1;
    static final int REGISTER_MEMORY = 2;
    static final int MEMORY_REGISTER = 3;
    static final int MEMORY_IMMEDIATE = 4;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final boolean LOCKED = OpTemplate.flag(MethodHandles.lookup(), 3);
    /** The flags are overwritten before anything sees them. */
    private static final boolean FLAGS_DEAD = OpTemplate.flag(MethodHandles.lookup(), 4);

    private final int target;
    private final int source;
    private final long immediate;

    BinaryAlu() {
        target = 0;
        source = 0;
        immediate = 0;
    }

    private BinaryAlu(Instruction instruction) {
        target = slot(instruction.operand(0));
        Operand second = instruction.operand(1);
        source = second instanceof Operand.Register ? slot(second) : 0;
        immediate = second instanceof Operand.Immediate(long value, int size) ? extend(value, SIZE) : 0;
    }

    private BinaryAlu(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, FORM != REGISTER_MEMORY && OPERATION != CMP && OPERATION != TEST);
        Operand second = instruction.operand(1);
        target = FORM == REGISTER_MEMORY ? slot(instruction.operand(0)) : 0;
        source = FORM == MEMORY_REGISTER ? slot(second) : 0;
        immediate = second instanceof Operand.Immediate(long value, int size) ? extend(value, SIZE) : 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new BinaryAlu(instruction) : new BinaryAlu(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        if (FORM == MEMORY_REGISTER || FORM == MEMORY_IMMEDIATE) {
            long b = FORM == MEMORY_IMMEDIATE ? immediate : cpu.getSized(source, SIZE);
            long va = address(cpu);
            if (OPERATION == CMP || OPERATION == TEST) {
                compute(cpu, load(cpu, va, SIZE), b);
            } else if (LOCKED) {
                locked(cpu, va, b);
            } else {
                long a = loadForWrite(cpu, va, SIZE);
                storeBack(cpu, SIZE, result(cpu, a, b));
                compute(cpu, a, b);
            }
        } else {
            long b = FORM == REGISTER_REGISTER
                    ? cpu.getSized(source, SIZE)
                    : FORM == REGISTER_IMMEDIATE ? immediate : load(cpu, address(cpu), SIZE);
            long result = compute(cpu, cpu.getSized(target, SIZE), b);
            if (OPERATION != CMP && OPERATION != TEST) {
                cpu.setSized(target, SIZE, result);
            }
        }
    }

    private void locked(Cpu cpu, long va, long b) {
        long a;
        do {
            a = loadForWrite(cpu, va, SIZE);
        } while (!cpu.compareAndStoreBack(SIZE, a, result(cpu, a, b)));
        compute(cpu, a, b);
    }

    /** The result alone, before the flags are touched: the store may still fault. */
    private static long result(Cpu cpu, long a, long b) {
        return switch (OPERATION) {
            case ADD -> a + b;
            case OR -> a | b;
            case ADC -> a + b + (cpu.carry() ? 1 : 0);
            case SBB -> a - b - (cpu.carry() ? 1 : 0);
            case SUB, CMP -> a - b;
            case AND, TEST -> a & b;
            default -> a ^ b;
        };
    }

    /** The result, sign-extended, with flags set from it. */
    private static long compute(Cpu cpu, long a, long b) {
        if (FLAGS_DEAD) {
            return result(cpu, a, b);
        }
        long result;
        switch (OPERATION) {
            case ADD -> {
                result = extend(a + b, SIZE);
                cpu.flagsAdd(result, a, b);
            }
            case ADC -> {
                result = extend(a + b + (cpu.carry() ? 1 : 0), SIZE);
                cpu.flagsAdd(result, a, b);
            }
            case SUB, CMP -> {
                result = extend(a - b, SIZE);
                cpu.flagsSub(result, a, b);
            }
            case SBB -> {
                boolean borrow = cpu.carry();
                result = extend(a - b - (borrow ? 1 : 0), SIZE);
                if (borrow) {
                    cpu.flagsBorrow(result, a, b);
                } else {
                    cpu.flagsSub(result, a, b);
                }
            }
            case AND, TEST -> {
                result = a & b;
                cpu.flagsLogic(result);
            }
            case OR -> {
                result = a | b;
                cpu.flagsLogic(result);
            }
            default -> {
                result = a ^ b;
                cpu.flagsLogic(result);
            }
        }
        return result;
    }
}
