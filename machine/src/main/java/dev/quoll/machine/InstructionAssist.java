package dev.quoll.machine;

/** Executes single instructions on behalf of another engine; found by ServiceLoader. */
public interface InstructionAssist {
    /** How one instruction ended. */
    sealed interface Outcome {
        /** Done; the CPU's state has been updated. @param mnemonic the manual's, in lower case, for statistics */
        record Done(String mnemonic) implements Outcome {}

        /**
         * It raises an exception, which the caller is to inject; the CPU's state, CR2 included, is what the architecture
         * says it is when the exception's delivery begins.
         *
         * @param errorCode 0 when there is none
         */
        record Fault(String mnemonic, int vector, boolean hasErrorCode, int errorCode, long cr2) implements Outcome {}

        /** Not possible; the state is as it was. @param why one sentence */
        record Cannot(String why) implements Outcome {}
    }

    /** The assistant of one CPU. Its methods belong to the thread that runs the CPU, which is stopped meanwhile. */
    interface CpuAssist extends AutoCloseable {
        /** Executes the instruction at the CPU's RIP, in its own memory, ports and device space. */
        Outcome step();

        /** Frees what it holds. Before the guest's memory is closed. */
        @Override
        void close();
    }

    /**
     * Makes the assistant of one CPU; it is kept for the CPU's life.
     *
     * @param machine what the CPU's engine was given
     */
    CpuAssist attach(VirtualCpu cpu, PartitionConfig machine);
}
