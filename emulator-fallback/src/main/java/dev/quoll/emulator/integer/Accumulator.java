package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;

/** Instructions on the accumulator or the flags without operands: CBW to CQO, LAHF, SAHF, CLC to STD, SALC. */
final class Accumulator extends SimpleOp {
    private final Mnemonic mnemonic;

    Accumulator(Mnemonic mnemonic) {
        this.mnemonic = mnemonic;
    }

    @Override
    public void execute(Cpu cpu) {
        switch (mnemonic) {
            case CBW -> cpu.set16(StateLayout.RAX, cpu.get8(StateLayout.RAX));
            case CWDE -> cpu.set32(StateLayout.RAX, cpu.get16(StateLayout.RAX));
            case CDQE -> cpu.set64(StateLayout.RAX, cpu.get32(StateLayout.RAX));
            case CWD -> cpu.set16(StateLayout.RDX, cpu.get16(StateLayout.RAX) >> 15);
            case CDQ -> cpu.set32(StateLayout.RDX, cpu.get32(StateLayout.RAX) >> 31);
            case CQO -> cpu.set64(StateLayout.RDX, cpu.get64(StateLayout.RAX) >> 63);
            case LAHF -> cpu.set8(StateLayout.RAX + 1, cpu.arithmeticFlags() & 0xd5 | 2);
            case SAHF -> {
                int kept = cpu.arithmeticFlags() & Flags.OF;
                cpu.setArithmeticFlags(kept | cpu.get8(StateLayout.RAX + 1) & 0xd5);
            }
            case CLC -> cpu.setArithmeticFlags(cpu.arithmeticFlags() & ~Flags.CF);
            case STC -> cpu.setArithmeticFlags(cpu.arithmeticFlags() | Flags.CF);
            case CMC -> cpu.setArithmeticFlags(cpu.arithmeticFlags() ^ Flags.CF);
            case CLD -> cpu.set64(StateLayout.FLAGS_REST, cpu.systemFlags() & ~Flags.DF);
            case STD -> cpu.set64(StateLayout.FLAGS_REST, cpu.systemFlags() | Flags.DF);
            case SALC -> cpu.set8(StateLayout.RAX, cpu.carry() ? 0xff : 0);
            default -> throw new IllegalStateException(mnemonic + " is not an accumulator instruction");
        }
    }
}
