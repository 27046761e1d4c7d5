package dev.quoll.emulator.core;

/**
 * An op behind which its block always goes on. Its work can be had by itself, so that {@link FusedOps} can string it
 * together with others. {@link Op#run} of such an op is {@code execute(cpu); return next.run(cpu);}, written out in
 * each class, so that each has its own call site to its successors.
 */
public interface FallThrough {
    /** Executes; see {@link Op#run} for faults. */
    void execute(Cpu cpu);
}
