package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Decoder;

/** A run of decoded instructions that is entered at its first and left at its last, all within one mode. */
public final class Block {
    /** Bytes up to the code segment's limit from which on the limit cannot matter: a page and an instruction. */
    static final int ROOMY = 4096 + Decoder.MAX_LENGTH;

    final CodePage page;
    /** Offset of the first instruction in its page. */
    final int ip;
    /** Offset behind the last byte; above 4096 when the only instruction straddles two pages. */
    final int end;

    final int mode;
    /** Instructions in the block. */
    int count;

    Op head;
    /** The linked ops as they were built, whatever stands before them now. */
    final Op linked;
    /** Times it was entered through the loop of blocks, until it counts as hot. */
    int heat;
    /** Bytes up to the code segment's limit that the block was decoded for, where they are few, else {@link #ROOMY}. */
    int room = ROOMY;
    /** Address of the cell through which its host code is reached, see {@link NativeTier}; 0 without. */
    long cell;
    /** Invalidated: never run again, its place in the table is free. */
    boolean stale;
    /** The second page of a straddling instruction, else null. */
    CodePage secondPage;

    Block(CodePage page, int ip, int end, int mode, int count, Op head) {
        this.page = page;
        this.ip = ip;
        this.end = end;
        this.mode = mode;
        this.count = count;
        this.head = head;
        linked = head;
    }

    /** Whether the block is what decoding would give with so many bytes up to the code segment's limit. */
    boolean fits(long bytesToLimit) {
        return room == ROOMY ? end - ip <= bytesToLimit : room == bytesToLimit;
    }

    /** Cuts the block off: whoever still holds a link to it is sent to the lookup. */
    void invalidate() {
        Op entry = new StaleEntry();
        entry.ip = (short) ip;
        head = entry;
        stale = true;
        count = 0;
        if (cell != 0) {
            NativeTier.drop(cell);
        }
    }

    /** Stands at the head of an invalidated block. */
    private static final class StaleEntry extends Op {
        @Override
        public Block run(Cpu cpu) {
            cpu.setRip(rip(cpu));
            return null;
        }
    }
}
