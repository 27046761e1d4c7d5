package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.sse.LaneOperation;

/** MASKMOVQ: writes the bytes whose mask byte has its top bit set to DS:rDI. */
final class MmxMaskedStore extends SimpleMemOp {
    private static final int RDI = 7;

    private final int data;
    private final int mask;

    MmxMaskedStore(Instruction instruction, BlockContext context) {
        super(
                context,
                new Operand.Memory(
                        instruction.dataSegment(),
                        false,
                        RDI,
                        Operand.Memory.NONE,
                        0,
                        0,
                        8,
                        instruction.addressSize()),
                true);
        data = MmxTemplate.anySlot(instruction.operand(0));
        mask = MmxTemplate.anySlot(instruction.operand(1));
    }

    @Override
    public void execute(Cpu cpu) {
        MmxRegisters.checkPending(cpu, this);
        // The transition comes before a fault, as on AMD's processors.
        MmxRegisters.enter(cpu);
        long va = address(cpu);
        long chosen = LaneOperation.byteSigns(cpu.get64(mask));
        // All 8 bytes have to be writable, whatever the mask, as on AMD's processors.
        cpu.checkCanonical(this, va, 8);
        cpu.checkAlignment(this, va, 8);
        cpu.probeWrite(this, va, 8);
        for (int i = 0; i < 8; i++) {
            if ((chosen >> i & 1) != 0) {
                cpu.store8(this, cpu.part(va, i), cpu.get8(data + i));
            }
        }
    }
}
