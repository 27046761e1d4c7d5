package dev.quoll.emulator.core;

/** Ends a block that only grew too long or reached its page's end: goes on with the instruction behind. */
final class NextBlock extends Op {
    private Block link;

    @Override
    public Block run(Cpu cpu) {
        Block target = link;
        if (target != null) {
            return target;
        }
        return link = cpu.blockInPage(ip);
    }
}
