package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleOp;

/** VZEROUPPER and VZEROALL. */
final class ZeroOp extends SimpleOp {
    private final boolean all;
    private final int registers;

    /** @param registers 8 outside 64-bit code, else 16 (SDM vol. 2, VZEROALL) */
    ZeroOp(boolean all, int registers) {
        this.all = all;
        this.registers = registers;
    }

    @Override
    public void execute(Cpu cpu) {
        for (int i = 0; i < registers; i++) {
            cpu.clearUpperYmm(i);
            if (all) {
                cpu.setXmm(i, 0, 0);
            }
        }
    }
}
