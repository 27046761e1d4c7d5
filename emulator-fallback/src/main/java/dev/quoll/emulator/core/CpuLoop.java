package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import java.lang.foreign.Arena;
import java.util.concurrent.Executor;

/**
 * Runs blocks, and turns events and faults into control transfers. What lies outside the CPU proper
 * (APIC, clock, devices) is left to the subclass.
 */
public abstract class CpuLoop extends BlockLookup {
    private final EventDelivery delivery;
    private final BlockFuser fuser;
    private int hotAfter = BlockFuser.HOT;
    /** Null without. */
    private NativeTier tier;

    /** Likewise. */
    private RegionTier regions;

    /** Instructions of the blocks entered so far. */
    long instructions;

    /** Exceptions and interrupts from outside that were delivered. */
    private long exceptions;
    private long interrupts;

    /** DR6.BS. */
    private static final long SINGLE_STEP = 1 << 14;

    protected CpuLoop(
            Arena arena,
            PhysicalMemory physical,
            Decoder decoder,
            OpTranslator translator,
            EventDelivery delivery,
            CpuGroup group) {
        super(arena, physical, decoder, translator, group);
        this.delivery = delivery;
        this.fuser = new BlockFuser(group.size());
        group.add(this);
    }

    /** Handles event bits at an instruction boundary; returns false when {@link #runBlocks} shall return. */
    protected abstract boolean handleEvents(int events);

    /** The vCPU has shut down: triple fault or a failed delivery. */
    protected abstract void shutdown(String cause);

    @Override
    final void codeCleared() {
        fuser.cleared();
        if (tier != null) {
            tier.reset();
        }
        if (regions != null) {
            regions.reset();
        }
    }

    private void hot(Block block) {
        if (tier != null) {
            tier.hot(block);
        } else if (regions == null || !regions.hot(block)) {
            fuser.fuse(block);
        }
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

    /** Events that the loop sees to itself. */
    private static final int HOUSEKEEPING = EVENT_STOP | EVENT_INVALIDATE | EVENT_REMAPPED | EVENT_SAMPLE;

    /** Somebody has asked where the guest is. @param rip linear */
    protected void sampled(long rip, int privilege, long addressSpace) {}

    /** At an instruction boundary with RIP exact and some event pending. */
    private boolean boundary(int raised) {
        int pending = raised;
        if ((pending & HOUSEKEEPING) != 0) {
            // Only what was seen: the others may come up just now.
            clearEvents(pending & HOUSEKEEPING);
            if ((pending & EVENT_STOP) != 0) {
                group.leave();
                group.enter();
            }
            if ((pending & EVENT_INVALIDATE) != 0) {
                if (regions != null) {
                    regions.install();
                }
                dropWritten();
            }
            if ((pending & EVENT_REMAPPED) != 0) {
                flushAll();
            }
            if ((pending & EVENT_SAMPLE) != 0) {
                sampled(is64() ? rip() : segmentBase(CS) + rip() & 0xffffffffL, cpl, cr3);
            }
            pending &= ~HOUSEKEEPING;
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

    @Override
    public final GuestFault afterProgress(GuestFault fault, long address) {
        boolean step = trapDue && (debugControl & ControlBits.BRANCH_STEP) == 0;
        if (!singleRunning || watchHits == 0 && !step) {
            return fault;
        }
        cr2 = address;
        setFlag(Flags.RF, true);
        return debugTrap(watchHits | (step ? SINGLE_STEP : 0));
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
        makeRoom();
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
        exceptions++;
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
        interrupts++;
        delivery.deliver(this, vector, false, 0, EventDelivery.Source.EXTERNAL);
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

    /**
     * Makes regions of blocks that have been entered so often, at least 1. Before the first run.
     *
     * @param executor runs the translations, on any thread
     */
    protected final void compileAfter(int runs, RegionCode translator, Decoder decoder, Executor executor) {
        hotAfter = runs;
        regions = new RegionTier(this, translator, decoder, executor, runs, group.size());
    }

    /** Translated code has entered blocks of so many instructions by itself. */
    public final void entered(long count) {
        instructions += count;
    }

    /** The vCPU will not run any more. */
    protected final void closeTier() {
        if (tier != null) {
            tier.close();
        }
    }

    /** Instructions of all blocks entered. */
    public final long instructionCount() {
        return instructions;
    }

    /** Figures for {@code --stats}. */
    protected final String loopStatistics() {
        return "instructions %d%ndecoded %d%nfused-blocks %d%ntlb-misses %d%ntlb-flushes %d%nexceptions %d%ninterrupts %d%n"
                        .formatted(instructions, builder.decoded, fuser.fused, tlbMisses, tlbFlushes, exceptions, interrupts)
                + (tier == null ? "" : tier.statistics())
                + (regions == null ? "" : regions.statistics());
    }
}
