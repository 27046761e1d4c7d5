package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;

/** Turns a block into host code. The tier behind {@link NativeTier}; knows nothing of blocks' life or of ops. */
public interface BlockCode {
    /**
     * A block to be translated: 64-bit code within one page.
     *
     * @param mode {@link Mode} bits it was decoded for
     * @param bytes the page's bytes
     * @param instructions in order
     * @param starts offsets of the instructions in the page
     * @param end offset behind the last one
     * @param fallsThrough whether the block ends without a branch, at {@code end}
     * @param interpreted whether an instruction has an op of its own, so that {@link Exits#interpret} can be asked for
     */
    record Source(
            int mode,
            byte[] bytes,
            Instruction[] instructions,
            int[] starts,
            int end,
            boolean fallsThrough,
            boolean[] interpreted) {
        /** Number of instructions. */
        public int count() {
            return instructions.length;
        }
    }

    /** Where translated code leaves to. Each method gives the number that it stores in {@link StateLayout#EXIT}. */
    interface Exits {
        /** The interpreter does an instruction; flags are in the state block. */
        int interpret(int index);

        /** Flags get the form {@link LazyFlags#NATIVE}, and the code goes on at the instruction's resume point. */
        int normalize(int index);

        /** To an offset beyond the page's ends, by its RIP. */
        int go(int index, int target);

        /** An event is pending at the block's start. */
        int event();

        /**
         * To a block in the same page, at an offset of 0 to 4095.
         *
         * @return the link: address of two quadwords. The first is the address of the target's cell, whose first quadword is the
         *     address of its code; as long as there is none, it is the address of the second, which {@link #place} fills in.
         */
        long link(int target);

        /** The number of the exit that is taken as long as a link has no target. */
        int exitOf(long link);

        /** Tells where the code of an unresolved link's exit is. @param position in the code made */
        void place(long link, int position);
    }

    /**
     * What has been made.
     *
     * @param code to be placed at the address that was given
     * @param entry where to enter from translated code; flags are in the state block
     * @param fresh where to enter from the loop, which has looked at events and counted the instructions
     * @param resume where to go on at an instruction, -1 where that is not possible
     * @param wantsFlags whether a resume point wants the flags in the form {@link LazyFlags#NATIVE}
     */
    record Made(byte[] code, int entry, int fresh, int[] resume, boolean[] wantsFlags) {}

    /** Code before all blocks: entry, common exit, and what a dropped block's cell points to. */
    record Frame(byte[] code, int entry, int leave, int stale) {}

    /** The frame, to be placed at the start of the code memory. */
    Frame frame(int staleExit);

    /**
     * Translates.
     *
     * @param address where the code will be
     * @param leave address of the frame's common exit
     * @param jumps address of the jump cache
     * @return null when hardly anything of it can be translated
     */
    Made translate(Source source, Exits exits, long address, long leave, long jumps);
}
