package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import java.lang.invoke.MethodHandles;

/**
 * Moves of one element to a vector register: VMOVD, VMOVQ, VMOVSS, VMOVSD, VMOVLPS, VMOVHPS, VMOVHLPS, VPINSRx. The rest
 * of the low 16 bytes is cleared or comes from the first source.
 */
final class ElementInsert extends VexOp implements FallThrough {
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean CLEARED = OpTemplate.flag(MethodHandles.lookup(), 1);
    private static final boolean LOAD = OpTemplate.flag(MethodHandles.lookup(), 2);

    private final int to;
    private final int from;

    ElementInsert() {
        to = 0;
        from = 0;
    }

    private ElementInsert(Instruction instruction, BlockContext context) {
        super(instruction, context);
        to = target + targetOffset(instruction);
        from = source + (instruction.mnemonic() == Mnemonic.VMOVHLPS ? 8 : 0);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new ElementInsert(instruction, context);
    }

    private static int targetOffset(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case VMOVHPS, VMOVHPD, VMOVLHPS -> 8;
            default -> immediate(instruction) * SIZE & 15;
        };
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long value = LOAD ? load(cpu, address(cpu), SIZE) : cpu.getSized(from, SIZE);
        if (CLEARED) {
            setXmm(cpu, unsigned(value, SIZE), 0);
            return;
        }
        setXmm(cpu, first(cpu, 0), first(cpu, 1));
        switch (SIZE) {
            case 1 -> cpu.set8(to, (int) value);
            case 2 -> cpu.set16(to, (int) value);
            case 4 -> cpu.put32(to, (int) value);
            default -> cpu.set64(to, value);
        }
    }
}
