package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * Moves of one element between XMM, general registers and memory: MOVD, MOVQ, MOVSS, MOVSD, MOVLPS, MOVHPS, MOVHLPS,
 * PINSRx, PEXTRx, EXTRACTPS. Which element it is goes into the slot of the XMM operand.
 */
final class ElementMove extends XmmOp implements FallThrough {
    // Where the element goes.
    static final int MEMORY = 0;
    /** The low end of an XMM register, the rest cleared. */
    static final int CLEARED = 1;
    /** A place in an XMM register, the rest kept. */
    static final int MERGED = 2;
    /** A general register, zero-extended. */
    static final int GENERAL = 3;

    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int DESTINATION = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean LOAD = OpTemplate.flag(MethodHandles.lookup(), 2);

    private final int to;
    private final int from;

    ElementMove() {
        to = 0;
        from = 0;
    }

    private ElementMove(Instruction instruction) {
        super(instruction);
        to = target + MoveTranslator.targetOffset(instruction, SIZE);
        from = source + MoveTranslator.sourceOffset(instruction, SIZE);
    }

    private ElementMove(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, DESTINATION == MEMORY);
        to = target + MoveTranslator.targetOffset(instruction, SIZE);
        from = source + MoveTranslator.sourceOffset(instruction, SIZE);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new ElementMove(instruction) : new ElementMove(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long value = LOAD ? load(cpu, address(cpu), SIZE) : cpu.getSized(from, SIZE);
        switch (DESTINATION) {
            case MEMORY -> store(cpu, address(cpu), SIZE, value);
            case CLEARED -> setTarget(cpu, unsigned(value, SIZE), 0);
            case GENERAL -> cpu.set64(to, unsigned(value, SIZE));
            default -> merge(cpu, value);
        }
    }

    private void merge(Cpu cpu, long value) {
        switch (SIZE) {
            case 1 -> cpu.set8(to, (int) value);
            case 2 -> cpu.set16(to, (int) value);
            case 4 -> cpu.put32(to, (int) value);
            default -> cpu.set64(to, value);
        }
    }
}
