package dev.quoll.emulator.core;

/**
 * An op for instructions where one more virtual call does not matter: {@link #execute} does the work, the block goes
 * on behind it.
 */
public abstract class SimpleOp extends Op implements FallThrough {
    @Override
    public final Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }
}
