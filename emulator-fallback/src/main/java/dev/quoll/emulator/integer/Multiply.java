package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** MUL, IMUL in its three forms, MULX, ADCX and ADOX. */
final class Multiply extends TemplateOp implements FallThrough {
    static final int MUL = 0;
    static final int IMUL_WIDE = 1;
    static final int IMUL = 2;
    static final int IMUL_IMMEDIATE = 3;
    static final int MULX = 4;
    static final int ADCX = 5;
    static final int ADOX = 6;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);

    /** The flags are overwritten before anything sees them. */
    private static final boolean FLAGS_DEAD = OpTemplate.flag(MethodHandles.lookup(), 3);

    private final int target;
    private final int second;
    private final int source;
    private final long immediate;

    Multiply() {
        target = 0;
        second = 0;
        source = 0;
        immediate = 0;
    }

    private Multiply(Instruction instruction) {
        target = slot(instruction.operand(0));
        second = OPERATION == MULX ? slot(instruction.operand(1)) : 0;
        source = slot(sourceOperand(instruction));
        immediate = immediate(instruction);
    }

    private Multiply(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        target = OPERATION == MUL || OPERATION == IMUL_WIDE ? 0 : slot(instruction.operand(0));
        second = OPERATION == MULX ? slot(instruction.operand(1)) : 0;
        source = 0;
        immediate = immediate(instruction);
    }

    private static Operand sourceOperand(Instruction instruction) {
        return instruction.operand(
                switch (OPERATION) {
                    case MUL, IMUL_WIDE -> 0;
                    case MULX -> 2;
                    default -> 1;
                });
    }

    private static long immediate(Instruction instruction) {
        return OPERATION == IMUL_IMMEDIATE
                ? extend(((Operand.Immediate) instruction.operand(2)).value(), SIZE)
                : 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new Multiply(instruction) : new Multiply(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long b = MEMORY ? load(cpu, address(cpu), SIZE) : cpu.getSized(source, SIZE);
        switch (OPERATION) {
            case MUL -> unsignedWide(cpu, b);
            case IMUL_WIDE -> signedWide(cpu, b);
            case IMUL -> truncated(cpu, cpu.getSized(target, SIZE), b);
            case IMUL_IMMEDIATE -> truncated(cpu, b, immediate);
            case MULX -> mulx(cpu, b);
            case ADCX -> addWith(cpu, b, Flags.CF);
            default -> addWith(cpu, b, Flags.OF);
        }
    }

    private static void unsignedWide(Cpu cpu, long b) {
        if (SIZE == 8) {
            long a = cpu.get64(StateLayout.RAX);
            long high = Math.unsignedMultiplyHigh(a, b);
            long low = a * b;
            cpu.set64(StateLayout.RAX, low);
            cpu.set64(StateLayout.RDX, high);
            overflowIf(cpu, high != 0);
        } else {
            long product = unsigned(cpu.getSized(StateLayout.RAX, SIZE), SIZE) * unsigned(b, SIZE);
            writeWide(cpu, product);
            overflowIf(cpu, product >>> 8 * SIZE != 0);
        }
    }

    private static void signedWide(Cpu cpu, long b) {
        long a = cpu.getSized(StateLayout.RAX, SIZE);
        long low = a * b;
        if (SIZE == 8) {
            long high = Math.multiplyHigh(a, b);
            cpu.set64(StateLayout.RAX, low);
            cpu.set64(StateLayout.RDX, high);
            overflowIf(cpu, high != low >> 63);
        } else {
            writeWide(cpu, low);
            overflowIf(cpu, extend(low, SIZE) != low);
        }
    }

    /** AX, DX:AX or EDX:EAX. */
    private static void writeWide(Cpu cpu, long product) {
        if (SIZE == 1) {
            cpu.set16(StateLayout.RAX, (int) product);
        } else {
            cpu.setSized(StateLayout.RAX, SIZE, product);
            cpu.setSized(StateLayout.RDX, SIZE, product >>> 8 * SIZE);
        }
    }

    private void truncated(Cpu cpu, long a, long b) {
        long product = a * b;
        long result = extend(product, SIZE);
        cpu.setSized(target, SIZE, result);
        overflowIf(cpu, SIZE == 8 ? Math.multiplyHigh(a, b) != product >> 63 : result != product);
    }

    private void mulx(Cpu cpu, long b) {
        if (SIZE == 8) {
            long a = cpu.get64(StateLayout.RDX);
            long high = Math.unsignedMultiplyHigh(a, b);
            // The low half first: with one destination for both, it keeps the high half.
            cpu.set64(second, a * b);
            cpu.set64(target, high);
        } else {
            long product = (cpu.get32(StateLayout.RDX) & 0xffffffffL) * (b & 0xffffffffL);
            cpu.set32(second, (int) product);
            cpu.set32(target, (int) (product >>> 32));
        }
    }

    private void addWith(Cpu cpu, long b, int carryFlag) {
        int flags = cpu.arithmeticFlags();
        long a = cpu.getSized(target, SIZE);
        long result = extend(a + b + ((flags & carryFlag) != 0 ? 1 : 0), SIZE);
        boolean carry = (a & b | (a | b) & ~result) < 0;
        cpu.setSized(target, SIZE, result);
        cpu.setArithmeticFlags(flags & ~carryFlag | (carry ? carryFlag : 0));
    }

    /** CF = OF = whether the product did not fit; the manuals leave the other flags undefined, AMD's processors keep them. */
    private static void overflowIf(Cpu cpu, boolean overflow) {
        if (!FLAGS_DEAD) {
            cpu.flagsCarryOverflow(overflow);
        }
    }
}
