package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleOp;

/**
 * PAUSE: a spin loop's hint that it waits for another vCPU or for a device. The thread of that one may be waiting for
 * this host processor, so the host thread gives way every so often, as pause-loop exiting makes a hypervisor do (SDM vol. 3,
 * 27.1.3).
 */
final class PauseOp extends SimpleOp {
    /** Spins between two yields: some ten microseconds, far more than a vCPU that runs needs to answer. */
    private static final int SPINS = 512;

    private int count;

    @Override
    public void execute(Cpu cpu) {
        if (++count % SPINS == 0) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }
}
