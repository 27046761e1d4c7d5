package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Operand;

/** CMPXCHG8B and CMPXCHG16B. */
final class CompareExchangeWide extends SimpleMemOp {
    private final boolean sixteen;
    private final boolean locked;

    CompareExchangeWide(BlockContext context, Operand.Memory memory, boolean sixteen, boolean locked) {
        super(context, memory, sixteen ? 16 : 8, true);
        this.sixteen = sixteen;
        this.locked = locked;
    }

    @Override
    public void execute(Cpu cpu) {
        long va = address(cpu);
        boolean equal = sixteen ? exchange16(cpu, va) : exchange8(cpu, va);
        cpu.setArithmeticFlags(cpu.arithmeticFlags() & ~Flags.ZF | (equal ? Flags.ZF : 0));
    }

    private boolean exchange8(Cpu cpu, long va) {
        long expected = (long) cpu.get32(StateLayout.RDX) << 32 | cpu.get32(StateLayout.RAX) & 0xffffffffL;
        long wanted = (long) cpu.get32(StateLayout.RCX) << 32 | cpu.get32(StateLayout.RBX) & 0xffffffffL;
        long old;
        boolean done;
        do {
            old = cpu.loadForWrite64(this, va);
            long value = old == expected ? wanted : old;
            done = true;
            if (locked) {
                done = cpu.compareAndStoreBack(8, old, value);
            } else {
                cpu.storeBack64(value);
            }
        } while (!done);
        if (old == expected) {
            return true;
        }
        cpu.set32(StateLayout.RAX, (int) old);
        cpu.set32(StateLayout.RDX, (int) (old >>> 32));
        return false;
    }

    private boolean exchange16(Cpu cpu, long va) {
        if ((va & 15) != 0) {
            throw cpu.generalProtection(this, 0);
        }
        if (locked && cpu.exchanges16(this, va)) {
            return cpu.exchange16(va);
        }
        boolean stopped = locked && cpu.stopOthers(this);
        try {
            cpu.probeWrite(this, va, 16);
            long low = cpu.load64(this, va);
            long high = cpu.load64(this, va + 8);
            if (low == cpu.get64(StateLayout.RAX) && high == cpu.get64(StateLayout.RDX)) {
                cpu.store64(this, va, cpu.get64(StateLayout.RBX));
                cpu.store64(this, va + 8, cpu.get64(StateLayout.RCX));
                return true;
            }
            cpu.store64(this, va, low);
            cpu.store64(this, va + 8, high);
            cpu.set64(StateLayout.RAX, low);
            cpu.set64(StateLayout.RDX, high);
            return false;
        } finally {
            cpu.letOthersRun(stopped);
            cpu.drainStores();
        }
    }
}
