package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Crc32c;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** CRC32 (SSE4.2), which works on general registers. */
final class Crc32Op extends TemplateOp implements FallThrough {
    /** Bytes of the source. */
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);

    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 1);

    private final int target;
    private final int source;

    Crc32Op() {
        target = 0;
        source = 0;
    }

    private Crc32Op(Instruction instruction) {
        target = slot(instruction.operand(0));
        source = slot(instruction.operand(1));
    }

    private Crc32Op(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        target = slot(instruction.operand(0));
        source = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new Crc32Op(instruction) : new Crc32Op(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long value = MEMORY ? load(cpu, address(cpu), SIZE) : cpu.getSized(source, SIZE);
        int crc = cpu.get32(target);
        cpu.set32(
                target,
                switch (SIZE) {
                    case 1 -> Crc32c.update8(crc, (int) value);
                    case 2 -> Crc32c.update16(crc, (int) value);
                    case 4 -> Crc32c.update32(crc, (int) value);
                    default -> Crc32c.update64(crc, value);
                });
    }
}
