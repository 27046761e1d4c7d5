package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;
import java.util.List;

/** Turns a region of blocks into one piece of code. The tier behind {@link RegionTier}; knows nothing of blocks' life. Any thread. */
public interface RegionCode {
    /**
     * A block of the region: 64-bit code within one page.
     *
     * @param start offset of the first instruction in the page
     * @param end offset behind the last one
     * @param fallsThrough whether it ends without a branch
     * @param instructions in order
     * @param starts offsets of the instructions in the page
     * @param ops the op of each instruction; null for one that does nothing, and for the second half of a pair
     */
    record Piece(int start, int end, boolean fallsThrough, Instruction[] instructions, int[] starts, Op[] ops) {}

    /**
     * The blocks of a region. All lie in the same page and run in the same mode.
     *
     * @param entries the pieces at which it is entered, by number; the first piece first
     */
    record Source(List<Piece> pieces, List<Integer> entries) {}

    /** Where the code leaves to. Each method gives the number that {@link Entry#run} returns for it. */
    interface Exits {
        /** The interpreter does an instruction, and the rest of its block. */
        int interpret(int piece, int index);

        /** To an offset of the page, from 0 to 4095. */
        int to(int piece, int target);

        /** To an offset beyond the page's ends, by a branch. */
        int go(int piece, int index, int target);
    }

    /** The code. */
    interface Entry {
        /**
         * Runs from an entry; all registers are in the state block before and after. The instructions of the block entered have been
         * counted.
         *
         * @param entry which of the source's entries, by its place in the list
         * @return the exit taken
         * @throws GuestFault when an op that it has run faults
         */
        int run(CpuLoop cpu, Region region, int entry);
    }

    /** Translates; null when that does not pay. */
    Entry translate(Source source, Exits exits);
}
