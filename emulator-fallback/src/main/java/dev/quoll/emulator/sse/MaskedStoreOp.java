package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/** MASKMOVDQU: writes the bytes whose mask byte has its top bit set to DS:rDI. */
final class MaskedStoreOp extends SimpleMemOp {
    private static final int RDI = 7;

    private final int data;
    private final int mask;

    MaskedStoreOp(Instruction instruction, BlockContext context) {
        super(
                context,
                new Operand.Memory(
                        instruction.dataSegment(),
                        false,
                        RDI,
                        Operand.Memory.NONE,
                        0,
                        0,
                        16,
                        instruction.addressSize()),
                true);
        data = XmmOp.anySlot(instruction.operand(0));
        mask = XmmOp.anySlot(instruction.operand(1));
    }

    @Override
    public void execute(Cpu cpu) {
        long va = address(cpu);
        long chosen = LaneOperation.byteSigns(cpu.get64(mask)) | LaneOperation.byteSigns(cpu.get64(mask + 8)) << 8;
        // All 16 bytes have to be writable, whatever the mask: a choice SDM vol. 2, MASKMOVDQU leaves, and AMD's.
        cpu.checkCanonical(this, va, 8);
        cpu.checkAlignment(this, va, 8);
        cpu.probeWrite(this, va, 16);
        for (int i = 0; i < 16; i++) {
            if ((chosen >> i & 1) != 0) {
                cpu.store8(this, cpu.part(va, i), cpu.get8(data + i));
            }
        }
    }
}
