package dev.quoll.machine;

/**
 * Executes single instructions on behalf of another engine; found by ServiceLoader. The caller's CPU must be stopped.
 */
public interface InstructionAssist {
    /** How one instruction ended. */
    sealed interface Outcome {
        /** Done; the CPU's state has been updated. */
        record Done() implements Outcome {}

        /** It raises an exception: state unchanged but for what the architecture says. */
        record Fault(int vector, int errorCode, boolean hasErrorCode, long cr2) implements Outcome {}

        /** Not possible. @param why one sentence */
        record Cannot(String why) implements Outcome {}
    }

    /** Executes the instruction at {@code cpu}'s RIP. */
    Outcome step(VirtualCpu cpu, PartitionConfig machine);
}
