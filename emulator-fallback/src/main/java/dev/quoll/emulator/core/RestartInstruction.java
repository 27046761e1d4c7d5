package dev.quoll.emulator.core;

/**
 * Unwinds to the CPU loop when a store is about to change the running block itself. RIP stands at the storing
 * instruction, nothing of which has happened; the loop runs it alone and decodes afresh behind it, so that the
 * modification holds from the next instruction on (SDM vol. 3, 9.1.3).
 */
final class RestartInstruction extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RestartInstruction() {
        super(null, null, false, false);
    }
}
