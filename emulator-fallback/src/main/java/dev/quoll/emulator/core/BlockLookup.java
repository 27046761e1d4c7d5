package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Decoder;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** The decoded code of one vCPU: finds and builds the block for a RIP, and drops blocks whose bytes change. */
abstract class BlockLookup extends Breakpoints {
    private static final int JUMP_CACHE = 1 << 14;

    final BlockBuilder builder;
    private final RestartInstruction restart = new RestartInstruction();
    private final DecodedCode code;

    private final long[] jumpRip = new long[JUMP_CACHE];
    private final long[] jumpKey = new long[JUMP_CACHE];
    private final Block[] jumpBlock = new Block[JUMP_CACHE];

    /** The one-instruction block of a single step, not in any page's table. */
    Block single;

    boolean singleRunning;

    BlockLookup(Arena arena, PhysicalMemory physical, Decoder decoder, OpTranslator translator, CpuGroup group) {
        super(arena, physical, group);
        this.builder = new BlockBuilder(decoder, translator);
        this.code = new DecodedCode(physical.pageCount(), group.size());
    }

    /** All decoded code has been dropped. */
    abstract void codeCleared();
    @Override
    final CodePage codePage(int pageIndex) {
        return code.page(pageIndex);
    }

    /** The block at RIP. */
    final Block lookup() {
        long rip = rip();
        Block block = cached(rip);
        return block != null ? block : find(rip);
    }

    final long key() {
        return executeGeneration << 16 | mode;
    }

    /** Drops all code when there is too much of it. */
    final void makeRoom() {
        if (code.full()) {
            invalidateAll();
        }
    }

    private static int slot(long rip) {
        return (int) (rip ^ rip >>> 12) & JUMP_CACHE - 1;
    }

    private Block cached(long rip) {
        int slot = slot(rip);
        if (jumpRip[slot] == rip && jumpKey[slot] == key()) {
            Block block = jumpBlock[slot];
            if (block != null && !block.stale) {
                set64(StateLayout.RIP_BASE, rip - block.ip);
                return block;
            }
        }
        return null;
    }

    private Block find(long rip) {
        long linear = rip;
        long room = Block.ROOMY;
        if (!is64()) {
            // Outside 64-bit code EIP is checked against CS.limit (SDM vol. 3, 5.3).
            room = limit[CS] - rip + 1;
            if (room <= 0) {
                throw generalProtection(null, 0);
            }
            linear = segmentBase(CS) + rip & 0xffffffffL;
        }
        makeRoom();
        CodePage page = fetchPage(linear);
        int ip = (int) linear & 0xfff;
        if (page == null) {
            return fetchAlone(linear, room);
        }
        Block block = page.find(ip, mode);
        if (block != null
                && (!block.fits(room)
                        || block.secondPage != null && fetchPage(nextPage(linear)) != block.secondPage)) {
            block = null;
        }
        if (block == null) {
            block = build(page, ip, room);
            if (block == null) {
                block = buildStraddling(page, ip, linear, room);
            }
            if (block == null) {
                return fetchAlone(linear, room);
            }
        }
        set64(StateLayout.RIP_BASE, rip - ip);
        if (block.secondPage == null) {
            int slot = slot(rip);
            jumpRip[slot] = rip;
            jumpKey[slot] = key();
            jumpBlock[slot] = block;
        }
        return block;
    }

    final long nextPage(long linear) {
        long next = (linear & PAGE) + 4096;
        return is64() ? next : next & 0xffffffffL;
    }

    /** Decodes the block at a place and enters it; null when its first instruction straddles the page's end. */
    private Block build(CodePage page, int ip, long room) {
        for (; ; ) {
            protect(page);
            Block block = builder.build(this, page, ip, mode, room, Integer.MAX_VALUE);
            if (block == null || enter(block)) {
                return block;
            }
        }
    }

    /** Null when the second page is not RAM. */
    private Block buildStraddling(CodePage page, int ip, long linear, long room) {
        for (; ; ) {
            CodePage second = fetchPage(nextPage(linear));
            if (second == null) {
                return null;
            }
            protect(page);
            protect(second);
            Block block = builder.buildStraddling(this, page, second, ip, mode, room);
            if (block.end <= 4096) {
                block.secondPage = null;
            }
            if (enter(block)) {
                return block;
            }
        }
    }

    /** Stands for all that is not RAM; never holds a block. */
    private final CodePage outside = new CodePage(-1);

    /** The instruction at RIP, with bytes outside RAM: fetched each time it runs, so the block is not kept. */
    final Block fetchAlone(long linear, long room) {
        int ip = (int) linear & 0xfff;
        long mask = is64() ? -1L : 0xffffffffL;
        single = builder.buildFetched(outside, ip, mode, room, i -> fetchByte(linear + i & mask));
        set64(StateLayout.RIP_BASE, rip() - ip);
        return single;
    }

    /**
     * Enters a block just decoded where stores look for code. False when the bytes have changed since they were read:
     * another vCPU's store saw no code there, and it will not look again.
     */
    private boolean enter(Block block) {
        if (!group.several()) {
            add(block);
            return true;
        }
        synchronized (group.codeLock()) {
            boolean held = block.page.held() && (block.secondPage == null || block.secondPage.held());
            if (!held || !builder.stillThere(this, block)) {
                return false;
            }
            add(block);
            return true;
        }
    }

    private void add(Block block) {
        if (block.secondPage != null) {
            block.secondPage.addTail(block);
        }
        code.add(block);
    }

    /** Sees to it that no vCPU stores to a page unseen, before anything is decoded from it. May wait for the others. */
    private void protect(CodePage page) {
        if (page.held()) {
            return;
        }
        int pageIndex = page.pageIndex;
        // Where somebody holds code already nobody has a write tag.
        if (!physical.joinCodeHolders(pageIndex)) {
            boolean stopped = stopOthers(null);
            try {
                physical.addCodeHolder(pageIndex);
                group.protectCode(pageIndex);
            } finally {
                letOthersRun(stopped);
            }
        }
        page.hold();
    }

    @Override
    public final Block blockInPage(int ip) {
        CodePage page = current.page;
        if (ip < 4096 && !current.stale && current != single && unlimitedCode()) {
            Block block = page.find(ip, mode);
            if (block == null && !code.full()) {
                block = build(page, ip, Block.ROOMY);
            }
            if (block != null && block.secondPage == null && block.fits(Block.ROOMY)) {
                return block;
            }
        }
        setRip(inCodeSegment(get64(StateLayout.RIP_BASE) + ip));
        return null;
    }

    @Override
    public final Block jump(long target) {
        long rip = inCodeSegment(target);
        setRip(rip);
        return singleRunning ? null : cached(rip);
    }

    // Code that changes.

    @Override
    final void beforeCodeWrite(Op op, int pageIndex, int from, int to) {
        CodePage page = code.existing(pageIndex);
        if (page == null || !page.covers(from, to)) {
            return;
        }
        boolean self = current != null && op != null && !singleRunning && CodePage.overlaps(current, page, from, to);
        invalidate(page, from, to);
        if (self) {
            throw restartAt(op);
        }
    }

    @Override
    final boolean runsStaleCode() {
        return !singleRunning && current != null && current.stale;
    }

    @Override
    final RestartInstruction restartAt(Op op) {
        setRip(op.rip(this));
        return restart;
    }

    /** Whether this vCPU has code in these bytes of a page; its own thread, or under the code lock. */
    final boolean covers(int pageIndex, int from, int to) {
        CodePage page = code.existing(pageIndex);
        return page != null && page.covers(from, to);
    }

    /** Drops this vCPU's code in these bytes of a page. What runs now goes on to the end of its block. */
    final void dropCode(int pageIndex, int from, int to) {
        CodePage page = code.existing(pageIndex);
        if (page != null && page.held()) {
            invalidate(page, from, to);
        }
    }

    /** Bytes of the RAM mapping that somebody else has written. */
    private record WrittenRange(long offset, long length) {}

    private static final int MOST_RANGES = 256;

    private final Queue<WrittenRange> writtenRanges = new ConcurrentLinkedQueue<>();
    /** Writes noted since the queue was last emptied, those included that found it full. */
    private final AtomicInteger writtenCount = new AtomicInteger();

    /**
     * Somebody outside the vCPUs has written to RAM, or another vCPU's page walk has: code from there goes at the next
     * block boundary. Any thread.
     */
    public final void codeWritten(long offset, long length) {
        if (physical.mayHoldCode(offset, length)) {
            // The vCPU may be halted or paused for long: past some number all its code goes.
            if (writtenCount.get() <= MOST_RANGES && writtenCount.incrementAndGet() <= MOST_RANGES) {
                writtenRanges.add(new WrittenRange(offset, length));
            }
            raise(EVENT_INVALIDATE);
        }
    }

    /**
     * The regions of guest memory have changed. Any thread; for this vCPU's own, whose access to a device has done it, the very
     * next access goes by the new ones.
     */
    protected final void remapped(boolean ownThread) {
        if (ownThread) {
            flushAll();
        }
        // The code that runs now may be linked to code that lies elsewhere now.
        raise(EVENT_REMAPPED);
    }

    final void dropWritten() {
        boolean tooMany = writtenCount.getAndSet(0) > MOST_RANGES;
        for (WrittenRange range = writtenRanges.poll(); range != null; range = writtenRanges.poll()) {
            if (!tooMany) {
                invalidateRange(range.offset, range.length);
            }
        }
        if (tooMany) {
            invalidateAll();
        }
    }

    /** Drops decoded code in a range of the RAM mapping. */
    protected final void invalidateRange(long offset, long length) {
        long end = Math.min(offset + length, (long) physical.pageCount() << 12);
        synchronized (group.codeLock()) {
            for (long at = offset; at < end; at = (at | 0xfff) + 1) {
                dropCode((int) (at >>> 12), (int) at & 0xfff, (int) Math.min(4096, end - (at & ~0xfffL)));
            }
        }
    }

    private void invalidate(CodePage page, int from, int to) {
        if (!page.invalidate(from, to)) {
            page.release(physical);
        }
    }

    /** Drops all decoded code. */
    protected final void invalidateAll() {
        writtenRanges.clear();
        writtenCount.set(0);
        synchronized (group.codeLock()) {
            code.clear(physical);
        }
        codeCleared();
        Arrays.fill(jumpBlock, null);
        dropExecutePages();
    }

    final void dropAllCode() {
        invalidateAll();
    }

    /** Sets the most decoded instructions held at a time, instead of a share of the JVM's heap. */
    protected final void limitDecodedCode(long instructionCount) {
        code.limitTo(instructionCount);
    }
}
