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

/** BSWAP and MOVBE. */
final class ByteOrderOp extends TemplateOp implements FallThrough {
    static final int SWAP = 0;
    static final int LOAD = 1;
    static final int STORE = 2;

    private static final int KIND = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);

    private final int register;

    ByteOrderOp() {
        register = 0;
    }

    private ByteOrderOp(int register) {
        this.register = register;
    }

    private ByteOrderOp(BlockContext context, Operand.Memory memory, int register) {
        super(context, memory, KIND == STORE);
        this.register = register;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return KIND == SWAP
                ? new ByteOrderOp(slot(instruction.operand(0)))
                : new ByteOrderOp(context, instruction.memory(), slot(instruction.operand(KIND == LOAD ? 0 : 1)));
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        switch (KIND) {
            // A 16-bit BSWAP is undefined by the manuals; processors clear the register.
            case SWAP -> cpu.setSized(register, SIZE, SIZE == 2 ? 0 : swapped(cpu.getSized(register, SIZE)));
            case LOAD -> cpu.setSized(register, SIZE, swapped(load(cpu, address(cpu), SIZE)));
            default -> store(cpu, address(cpu), SIZE, swapped(cpu.getSized(register, SIZE)));
        }
    }

    private static long swapped(long value) {
        return switch (SIZE) {
            case 2 -> Short.reverseBytes((short) value);
            case 4 -> Integer.reverseBytes((int) value);
            default -> Long.reverseBytes(value);
        };
    }
}
