package dev.quoll.emulator.core;

import java.util.Arrays;

/** Blocks of one page that run as one piece of code, and the ways out of it. What the code may ask for while it runs is public. */
public final class Region implements RegionCode.Exits {
    final Block[] blocks;
    final RegionCode.Source source;
    private final CodePage page;
    /** The page's count of changes when all blocks were seen to be valid. */
    private int seen;

    private Exit[] exits = new Exit[16];
    private int count;

    /** Times that the code was entered and has left. */
    long runs;

    private static final class Exit {
        final Block from;
        /** To be interpreted, or standing at a branch that leaves the page, or null. */
        final Op op;

        final int target;
        Block link;

        Exit(Block from, Op op, int target) {
            this.from = from;
            this.op = op;
            this.target = target;
        }
    }

    /** In {@link Exit#target}: the op is to be interpreted. */
    private static final int INTERPRET = Integer.MIN_VALUE;

    Region(Block[] blocks, RegionCode.Source source) {
        this.blocks = blocks;
        this.source = source;
        page = blocks[0].page;
        seen = page.changes();
    }

    // For the translator.

    private int add(Exit exit) {
        if (count == exits.length) {
            exits = Arrays.copyOf(exits, 2 * count);
        }
        exits[count] = exit;
        return count++;
    }

    @Override
    public int interpret(int piece, int index) {
        return add(new Exit(blocks[piece], source.pieces().get(piece).ops()[index], INTERPRET));
    }

    @Override
    public int to(int piece, int target) {
        return add(new Exit(blocks[piece], null, target));
    }

    @Override
    public int go(int piece, int index, int target) {
        Op place = new Place();
        place.ip = (short) source.pieces().get(piece).starts()[index];
        return add(new Exit(blocks[piece], place, target));
    }

    /** Stands at a branch that faults. */
    private static final class Place extends Op {
        @Override
        public Block run(Cpu cpu) {
            throw new IllegalStateException("a place in the code is not to be run");
        }
    }

    // While it runs.

    /** A block of the region is entered that runs ops of its own. */
    public void enter(CpuLoop cpu, int piece) {
        cpu.current = blocks[piece];
    }

    /** Whether ops that have just run may have changed code or want the loop's attention. */
    public boolean mustLeave(CpuLoop cpu) {
        return cpu.eventPending() || page.changes() != seen;
    }

    // Around it.

    /** Whether some block is no more what has been translated. */
    boolean outdated() {
        if (page.changes() == seen) {
            return false;
        }
        seen = page.changes();
        for (Block block : blocks) {
            if (block.stale) {
                return true;
            }
        }
        return false;
    }

    /** Puts the code before its entries' own ops; an entry that has such code already keeps it. */
    void install(RegionCode.Entry code) {
        for (int entry = 0; entry < source.entries().size(); entry++) {
            Block block = blocks[source.entries().get(entry)];
            if (entry == 0 || block.head == block.linked) {
                Head head = new Head(this, code, entry);
                head.ip = block.linked.ip;
                head.length = block.linked.length;
                block.head = head;
                block.heat = Integer.MAX_VALUE;
            }
        }
    }

    /** Gives the entries their own ops back. */
    private void remove() {
        for (int piece : source.entries()) {
            Block block = blocks[piece];
            if (!block.stale && block.head instanceof Head head && head.region == this) {
                block.head = block.linked;
                // It gets hot anew, for a region that is right then.
                block.heat = 0;
            }
        }
        page.loseRegion();
    }

    private static final class Head extends Op {
        private final Region region;
        private final RegionCode.Entry code;
        private final int entry;

        Head(Region region, RegionCode.Entry code, int entry) {
            this.region = region;
            this.code = code;
            this.entry = entry;
        }

        @Override
        public Block run(Cpu cpu) {
            if (region.outdated()) {
                region.remove();
                return region.blocks[region.source.entries().get(entry)].linked.run(cpu);
            }
            region.runs++;
            CpuLoop loop = (CpuLoop) cpu;
            return region.leave(loop, code.run(loop, region, entry));
        }
    }

    private Block leave(CpuLoop cpu, int number) {
        Exit exit = exits[number];
        cpu.current = exit.from;
        if (exit.target == INTERPRET) {
            return exit.op.run(cpu);
        }
        if (exit.op != null) {
            long rip = cpu.get64(StateLayout.RIP_BASE) + exit.target;
            cpu.checkTarget(exit.op, rip);
            return cpu.jump(rip);
        }
        Block target = exit.link;
        if (target == null || target.stale) {
            target = cpu.blockInPage(exit.target);
            exit.link = target;
        }
        return target;
    }
}
