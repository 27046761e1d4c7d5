package dev.quoll.emulator.core;

/**
 * Ends its block, so that events are looked at behind it, and goes on with the instruction that follows. The successor is
 * remembered for as long as the mode stays the one the op was decoded for. Not for instructions that change how code is
 * fetched (CR3, CS, paging): these use {@link Cpu#leave}.
 */
public abstract class EndingOp extends Op {
    private final int mode;
    private Block link;

    protected EndingOp(BlockContext context) {
        mode = context.mode();
    }

    @Override
    public final Block run(Cpu cpu) {
        execute(cpu);
        if (cpu.mode != mode) {
            return cpu.leave(nextRip(cpu));
        }
        Block target = link;
        if (target != null) {
            return target;
        }
        return link = cpu.blockInPage(ip + length);
    }

    /** Executes; see {@link Op#run} for faults. */
    protected abstract void execute(Cpu cpu);
}
