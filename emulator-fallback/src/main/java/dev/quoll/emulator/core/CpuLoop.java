package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Finds, builds and runs blocks, and turns events and faults into control transfers. What lies outside the CPU proper
 * (APIC, clock, devices) is left to the subclass.
 */
public abstract class CpuLoop extends Cpu {
    private static final int JUMP_CACHE = 4096;

    private final BlockBuilder builder;
    private final EventDelivery delivery;
    private final RestartInstruction restart = new RestartInstruction();
    private final DecodedCode code;
    private final BlockFuser fuser;
    private int hotAfter = BlockFuser.HOT;
    /** Null without. */
    private NativeTier tier;

    private final long[] jumpRip = new long[JUMP_CACHE];
    private final long[] jumpKey = new long[JUMP_CACHE];
    private final Block[] jumpBlock = new Block[JUMP_CACHE];

    /** Instructions of the blocks entered so far. */
    long instructions;

    /** DR6.BS. */
    private static final long SINGLE_STEP = 1 << 14;

    /** DR6 bits of data and port breakpoints hit by the running instruction, or by a load of SS before it. */
    private long watchHits;

    protected CpuLoop(
            Arena arena,
            PhysicalMemory physical,
            Decoder decoder,
            OpTranslator translator,
            EventDelivery delivery,
            CpuGroup group) {
        super(arena, physical, group);
        this.builder = new BlockBuilder(decoder, translator);
        this.delivery = delivery;
        this.code = new DecodedCode(physical.pageCount(), group.size());
        this.fuser = new BlockFuser(group.size());
        group.add(this);
    }

    /** Handles event bits at an instruction boundary; returns false when {@link #runBlocks} shall return. */
    protected abstract boolean handleEvents(int events);

    /** The vCPU has shut down: triple fault or a failed delivery. */
    protected abstract void shutdown(String cause);

    // Lookup.

    @Override
    final CodePage codePage(int pageIndex) {
        return code.page(pageIndex);
    }

    /** The block at RIP. */
    private Block lookup() {
        long rip = rip();
        Block block = cached(rip);
        return block != null ? block : find(rip);
    }

    final long key() {
        return executeGeneration << 16 | mode;
    }

    private void hot(Block block) {
        if (tier == null) {
            fuser.fuse(block);
        } else {
            tier.hot(block);
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
        if (code.full()) {
            invalidateAll();
        }
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

    private long nextPage(long linear) {
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
    private Block fetchAlone(long linear, long room) {
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

    @Override
    final boolean repeats(Block block) {
        if (events() != 0 || block.stale) {
            return false;
        }
        instructions += block.count;
        return true;
    }

    // The loop.

    /** The one-instruction block of a single step, not in any page's table. */
    private Block single;

    private boolean singleRunning;

    /** Runs until {@link #handleEvents} says to return, or the vCPU shuts down. */
    protected final void runBlocks() {
        group.enter();
        try {
            for (boolean running = true; running; ) {
                try {
                    running = loop();
                } catch (GuestFault fault) {
                    singleRunning = false;
                    running = deliverFault();
                } catch (RestartInstruction restarted) {
                    singleRunning = false;
                    running = restartAlone();
                }
            }
        } finally {
            group.leave();
        }
    }

    /** The vCPU is about to sleep within {@link #handleEvents}: the others need not wait for it. */
    protected final void beginSleep() {
        group.leave();
    }

    /** It sleeps no more. */
    protected final void endSleep() {
        group.enter();
    }

    private boolean loop() {
        Block block = null;
        for (; ; ) {
            int pending = events();
            if (pending != 0) {
                if (block != null) {
                    setRip(inCodeSegment(get64(StateLayout.RIP_BASE) + block.ip));
                    block = null;
                }
                if (!boundary(pending)) {
                    return false;
                }
                continue;
            }
            if (block == null) {
                block = lookup();
            }
            current = block;
            instructions += block.count;
            if (block.heat < hotAfter && ++block.heat == hotAfter) {
                hot(block);
            }
            block = block.head.run(this);
        }
    }

    /** The instruction that is about to change its own block runs by itself; it may fault like any other. */
    private boolean restartAlone() {
        try {
            runSingle();
            return true;
        } catch (GuestFault fault) {
            singleRunning = false;
            return deliverFault();
        }
    }

    /** At an instruction boundary with RIP exact and some event pending. */
    private boolean boundary(int raised) {
        int pending = raised;
        if ((pending & (EVENT_STOP | EVENT_INVALIDATE)) != 0) {
            // Only what was seen: the other one may come up just now.
            clearEvents(pending & (EVENT_STOP | EVENT_INVALIDATE));
            if ((pending & EVENT_STOP) != 0) {
                group.leave();
                group.enter();
            }
            if ((pending & EVENT_INVALIDATE) != 0) {
                dropWritten();
            }
            pending &= ~(EVENT_STOP | EVENT_INVALIDATE);
        }
        if (trapNow) {
            throw debugTrap(SINGLE_STEP);
        }
        boolean repeating = inRepetition;
        if (repeating) {
            inRepetition = false;
            setFlag(Flags.RF, true);
        }
        boolean held = stiShadow || movSsShadow;
        boolean goesOn = (pending & ~EVENT_SINGLE) == 0
                || held && (pending & ~(EVENT_SINGLE | EVENT_INTERRUPT | EVENT_NMI)) == 0
                || handleEvents(pending);
        if (repeating && !singleStepping()) {
            setFlag(Flags.RF, false);
        }
        if (!goesOn) {
            return false;
        }
        if ((events() & EVENT_SINGLE) != 0) {
            stepWithTraps();
        }
        return true;
    }

    /** Whether an interrupt shadow holds interrupts back at this boundary. */
    protected final boolean shadowed() {
        return stiShadow || movSsShadow;
    }

    /** One instruction with everything that TF, breakpoints and shadows ask for. */
    private void stepWithTraps() {
        long start = rip();
        boolean trapFlag = flag(Flags.TF);
        boolean wasMovSs = movSsShadow;
        boolean wasShadowed = stiShadow || movSsShadow;
        if (!wasMovSs && !flag(Flags.RF) && executionBreakpoint()) {
            throw fault(null, 1, false, 0);
        }
        clearEvents(EVENT_SINGLE);
        stiShadow = false;
        movSsShadow = false;
        if (!wasMovSs) {
            watchHits = 0;
        }
        trapDue = trapFlag;
        if (flag(Flags.RF)) {
            // For this instruction only; one that faults pushes RF anyway, and one that loads it keeps it.
            setFlag(Flags.RF, false);
        }
        runSingle();
        // With DebugCtl.BTF only what went elsewhere than to the next instruction traps, be it a jump, call, return or IRET.
        trapDue &= (debugControl & ControlBits.BRANCH_STEP) == 0
                || !inRepetition && rip() != inCodeSegment(start + current.end - current.ip);
        if (inRepetition) {
            inRepetition = false;
            setFlag(Flags.RF, true);
        }
        if (wasShadowed) {
            raise(EVENT_INTERRUPT);
        }
        debugChanged();
        if (movSsShadow) {
            return;
        }
        if (watchHits != 0 || trapDue || trapNow) {
            throw debugTrap(watchHits | (trapDue || trapNow ? SINGLE_STEP : 0));
        }
    }

    /** Raises #DB behind an instruction; the causes join what software has not cleared (APM vol. 2, 13.1.1). */
    private GuestFault debugTrap(long causes) {
        dr6 |= causes;
        watchHits = 0;
        trapNow = false;
        leaveHalt();
        return fault(null, 1, false, 0);
    }

    /** The instruction that has just run traps: if it was HLT, it is over. */
    protected void leaveHalt() {}

    /** Decodes and runs the one instruction at RIP, in a block of its own that no store can modify. */
    private void runSingle() {
        long rip = rip();
        long room = is64() ? Block.ROOMY : limit[CS] - rip + 1;
        if (room <= 0) {
            throw generalProtection(null, 0);
        }
        if (code.full()) {
            invalidateAll();
        }
        long linear = is64() ? rip : segmentBase(CS) + rip & 0xffffffffL;
        CodePage page = fetchPage(linear);
        int ip = (int) linear & 0xfff;
        Block block = page == null ? fetchAlone(linear, room) : builder.build(this, page, ip, mode, room, 1);
        if (block == null) {
            CodePage second = fetchPage(nextPage(linear));
            block = second == null
                    ? fetchAlone(linear, room)
                    : builder.buildStraddling(this, page, second, ip, mode, room);
        }
        set64(StateLayout.RIP_BASE, rip - ip);
        current = block;
        single = block;
        singleRunning = true;
        instructions++;
        Block next = block.head.run(this);
        singleRunning = false;
        if (next != null) {
            setRip(inCodeSegment(get64(StateLayout.RIP_BASE) + next.ip));
        }
    }

    // One instruction at a time, for debuggers and other engines.

    /**
     * Runs until one instruction has retired; events and exceptions are taken on the way.
     *
     * @return false when {@link #handleEvents} says to return first, or the vCPU has shut down
     */
    protected final boolean runInstruction() {
        group.enter();
        try {
            for (; ; ) {
                raise(EVENT_SINGLE);
                try {
                    return boundary(events());
                } catch (GuestFault fault) {
                    singleRunning = false;
                    if (!deliverFault()) {
                        return false;
                    }
                }
            }
        } finally {
            group.leave();
        }
    }

    /**
     * Executes the instruction at RIP and hears no event.
     *
     * @return whether it raised nothing; what it raised is not delivered, see {@link #raisedVector} and its like
     */
    protected final boolean executeInstruction() {
        group.enter();
        try {
            stepWithTraps();
            return true;
        } catch (GuestFault fault) {
            drainStores();
            endShadows();
            return false;
        } finally {
            singleRunning = false;
            group.leave();
        }
    }

    /** Delivers an exception that came up before the state was set; false when the vCPU has shut down. */
    protected final boolean deliverException(int vector, boolean hasError, int error) {
        group.enter();
        try {
            fault(null, vector, hasError, error);
            return deliverFault();
        } finally {
            group.leave();
        }
    }

    /** Vector of the exception raised last. */
    protected final int raisedVector() {
        return faultVector;
    }

    /** Whether that has an error code. */
    protected final boolean raisedHasError() {
        return faultHasError;
    }

    /** The error code. */
    protected final int raisedError() {
        return faultError;
    }

    /** Faults in a row, each of the delivery of the one before, after which events are looked at. */
    private static final int PATIENCE = 8;

    /** Delivers the raised exception; one that comes up on the way makes a double fault, a third the end. */
    private boolean deliverFault() {
        if (faultVector == RESTART) {
            return true;
        }
        drainStores();
        // What was raised by an instruction that begins a shadow never ran: nothing is held back.
        endShadows();
        int vector = faultVector;
        boolean hasError = faultHasError;
        int error = faultError;
        long firstRip = rip();
        int firstVector = vector;
        for (int attempt = 1; ; attempt++) {
            try {
                delivery.deliver(this, vector, hasError, error, EventDelivery.Source.EXCEPTION);
                debugChanged();
                return true;
            } catch (GuestFault nested) {
                if (vector == 8) {
                    shutdown("triple fault: vector %d at RIP 0x%x, double fault, then vector %d error 0x%x CR2 0x%x"
                            .formatted(firstVector, firstRip, faultVector, faultError, cr2));
                    return false;
                }
                boolean makesDouble = doubleFault(vector, faultVector);
                if (!makesDouble && attempt >= PATIENCE && events() != 0) {
                    // Benign faults of the delivery of benign faults, #AC above all, can go on for ever, on a processor
                    // too. Nothing has changed but for the fault: the instruction raises it again when the events are heard.
                    return true;
                }
                vector = makesDouble ? 8 : faultVector;
                hasError = makesDouble || faultHasError;
                error = makesDouble ? 0 : faultError;
            }
        }
    }

    /** SDM vol. 3, table 6-5. */
    private static boolean doubleFault(int first, int second) {
        if (first == 14) {
            return second == 14 || contributory(second);
        }
        return contributory(first) && contributory(second);
    }

    private static boolean contributory(int vector) {
        return vector == 0 || vector >= 10 && vector <= 13;
    }

    /** Delivers an interrupt from outside at a boundary; exceptions on the way are delivered by the loop. */
    protected final void deliverExternal(int vector) {
        delivery.deliver(this, vector, false, 0, EventDelivery.Source.EXTERNAL);
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

    private void dropWritten() {
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
        fuser.cleared();
        if (tier != null) {
            tier.reset();
        }
        Arrays.fill(jumpBlock, null);
        dropExecutePages();
    }

    /** Fuses blocks that have been entered so often, at least 1, instead of after a number that pays. */
    protected final void fuseAfter(int runs) {
        hotAfter = runs;
    }

    /**
     * Translates blocks that have been entered so often, at least 1, instead of fusing them. Before the first run.
     *
     * @param arena for tables of the size of some MiB
     */
    protected final void translateAfter(int runs, Arena arena, BlockCode translator, Decoder decoder) {
        hotAfter = runs;
        tier = new NativeTier(this, arena, translator, decoder, group.size());
        nativePolls = true;
    }

    /** The vCPU will not run any more. */
    protected final void closeTier() {
        if (tier != null) {
            tier.close();
        }
    }

    final void dropAllCode() {
        invalidateAll();
    }

    /** Sets the most decoded instructions held at a time, instead of a share of the JVM's heap. */
    protected final void limitDecodedCode(long instructionCount) {
        code.limitTo(instructionCount);
    }

    // Debug registers (SDM vol. 3, 18.2).

    private boolean executionBreakpoint() {
        if ((dr7 & 0xff) == 0) {
            return false;
        }
        long linear = is64() ? rip() : segmentBase(CS) + rip() & 0xffffffffL;
        long hits = 0;
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) == 0 && dr[i] == linear) {
                hits |= 1L << i;
            }
        }
        if (hits == 0) {
            return false;
        }
        dr6 |= hits;
        return true;
    }

    private int watchLength(int index) {
        return switch ((int) (dr7 >>> 18 + 4 * index) & 3) {
            case 0 -> 1;
            case 1 -> 2;
            case 3 -> 4;
            default -> 8;
        };
    }

    @Override
    final boolean watchedPage(long linearPage) {
        if ((dr7 & 0xff) == 0) {
            return false;
        }
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) != 0 && (dr[i] & PAGE) == linearPage) {
                return true;
            }
        }
        return false;
    }

    @Override
    final void watchedAccess(long linear, int size, boolean write) {
        for (int i = 0; i < 4; i++) {
            int kind = (int) (dr7 >>> 16 + 4 * i) & 3;
            if ((dr7 >>> 2 * i & 3) == 0 || kind == 0 || kind == 1 && !write || kind == 2) {
                continue;
            }
            int length = watchLength(i);
            long start = dr[i] & -length;
            if (linear < start + length && linear + size > start) {
                watchHits |= 1L << i;
            }
        }
    }

    @Override
    public final void watchPort(int port, int width) {
        if ((dr7 & 0xff) == 0 || (cr4 & ControlBits.CR4_DE) == 0) {
            return;
        }
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) == 2) {
                int length = watchLength(i);
                long start = dr[i] & -length;
                if (port < start + length && port + width > start) {
                    watchHits |= 1L << i;
                }
            }
        }
    }

    /** Instructions of all blocks entered. */
    public final long instructionCount() {
        return instructions;
    }

    /** Figures for {@code --stats}. */
    protected final String loopStatistics() {
        return "instructions %d%ndecoded %d%nfused-blocks %d%ntlb-misses %d%ntlb-flushes %d%n"
                        .formatted(instructions, builder.decoded, fuser.fused, tlbMisses, tlbFlushes)
                + (tier == null ? "" : tier.statistics());
    }
}
