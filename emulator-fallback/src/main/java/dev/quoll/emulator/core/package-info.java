/**
 * The CPU engine's core: one vCPU's state block, lazy flags, soft MMU, decoded blocks and the loop that runs them. The
 * instruction families in the sibling packages are written against the {@link dev.quoll.emulator.core.Cpu} and
 * {@link dev.quoll.emulator.core.Op} of this package.
 */
package dev.quoll.emulator.core;
