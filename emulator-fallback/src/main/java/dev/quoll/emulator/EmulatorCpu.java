package dev.quoll.emulator;

import dev.quoll.emulator.apic.ApicCpu;
import dev.quoll.emulator.apic.LocalApic;
import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.CpuPlatform;
import dev.quoll.emulator.core.EmulationFailure;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.RegionCode;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.system.Delivery;
import dev.quoll.machine.CodeSample;
import dev.quoll.machine.ControlMasks;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Activity;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.VirtualCpu;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** One vCPU: the CPU loop joined to its local APIC, clock, MSRs and buses, behind the machine's contract. */
final class EmulatorCpu extends CpuLoop implements VirtualCpu, ApicCpu, CpuPlatform {
    private final EmulatorPartition partition;
    private final PartitionConfig config;
    private final int index;
    private final Cpuid cpuid;
    private final PlatformMsrs msrs;
    private final long cr4Mask;
    private final long eferMask;
    private final Entropy entropy = new Entropy();
    private LocalApic apic;

    private Activity activity = Activity.RUNNING;
    private CpuExit exit;
    private boolean nmiPending;
    /** To be delivered before the next instruction; null when there is none. */
    private CpuElement.PendingException pendingException;
    /** The machine knows of this HLT with interrupts masked. */
    private boolean haltTold;
    /** Vector of the last start-up IPI. */
    private volatile int startupVector;
    /** The vCPU's thread while it sleeps in HLT. */
    private volatile Thread sleeper;
    /** {@link System#nanoTime} when that sleep began. */
    private volatile long sleepsSince;
    /** Nanoseconds of sleep, up to the last one. */
    private long slept;
    /** The answer to {@link #requestSample}. */
    private final AtomicReference<CodeSample> sample = new AtomicReference<>();
    /** The thread has been interrupted while it slept, which is its caller's business. */
    private boolean interruptedAsleep;
    /** The thread in {@link #run}. */
    private volatile Thread runner;

    EmulatorCpu(
            EmulatorPartition partition,
            PartitionConfig config,
            Cpuid cpuid,
            Arena arena,
            PhysicalMemory physical,
            Decoder decoder,
            Interpreter interpreter,
            CpuGroup group,
            int index) {
        super(arena, physical, decoder, interpreter, new Delivery(), group);
        this.partition = partition;
        this.config = config;
        this.index = index;
        this.cpuid = cpuid;
        cr4Mask = ControlMasks.cr4(cpuid.offered());
        eferMask = ControlMasks.efer(cpuid.offered());
        msrs = new PlatformMsrs(cpuid, config.clock(), partition.kvmClock, index);
        attach(this);
    }

    /** Has blocks translated that have been entered so often. */
    void translate(int after, Arena arena, BlockCode translator, Decoder decoder) {
        translateAfter(after, arena, translator, decoder);
    }

    /** Has regions made of blocks that have been entered so often. */
    void compile(int after, RegionCode translator, Decoder decoder, Executor executor) {
        compileAfter(after, translator, decoder, executor);
    }

    void endTranslation() {
        closeTier();
    }

    void attachApic(LocalApic localApic) {
        apic = localApic;
        msrs.attach(localApic);
    }

    LocalApic apic() {
        return apic;
    }

    PlatformMsrs msrs() {
        return msrs;
    }

    // VirtualCpu.

    @Override
    public int index() {
        return index;
    }

    @Override
    public CpuExit run() {
        return run(false);
    }

    @Override
    public CpuExit step() {
        return run(true);
    }

    private CpuExit run(boolean oneInstruction) {
        exit = null;
        runner = Thread.currentThread();
        if (activity != Activity.RUNNING) {
            raise(EVENT_ACTIVITY);
        }
        try {
            deliverPending();
            while (exit == null) {
                if (!oneInstruction) {
                    runBlocks();
                } else if (runInstruction()) {
                    exit = new CpuExit.Breakpoint(rip());
                }
            }
            return exit;
        } catch (EmulationFailure failure) {
            return new CpuExit.Failure(CpuReport.of(this, failure.getMessage()));
        } catch (RuntimeException | StackOverflowError bug) {
            return new CpuExit.Failure(CpuReport.of(this, "the emulator failed: " + CpuReport.trace(bug)));
        } finally {
            runner = null;
            if (interruptedAsleep) {
                interruptedAsleep = false;
                Thread.currentThread().interrupt();
            }
        }
    }

    /** An exception that a saved state holds comes before anything else. */
    private void deliverPending() {
        CpuElement.PendingException pending = pendingException;
        if (pending != null) {
            pendingException = null;
            deliverException(pending.vector(), pending.hasErrorCode(), pending.errorCode());
        }
    }

    @Override
    public void kick() {
        raise(EVENT_KICK);
        wake();
    }

    @Override
    public void reset() {
        apic.reset();
        msrs.reset();
        clearAllEvents();
        nmiPending = false;
        pendingException = null;
        invalidateAll();
        ResetState.powerOn(this);
        activity = index == 0 ? Activity.RUNNING : Activity.WAIT_FOR_SIPI;
    }

    @Override
    public CpuElement read(CpuElement.Kind kind) {
        // What other CPUs sent since this one came to stand belongs to its state.
        control(pendingEvents() & (EVENT_INIT | EVENT_STARTUP | EVENT_NMI));
        return StateElements.read(this, kind);
    }

    @Override
    public void write(CpuElement element) {
        StateElements.write(this, element);
    }

    @Override
    public long instructions() {
        return instructionCount();
    }

    Activity activity() {
        return activity;
    }

    void setActivity(Activity value) {
        haltTold = false;
        activity = value;
    }

    boolean nmiPending() {
        return nmiPending;
    }

    void setNmiPending(boolean pending) {
        nmiPending = pending;
        if (pending) {
            raise(EVENT_NMI);
        }
    }

    Optional<CpuElement.PendingException> pendingException() {
        return Optional.ofNullable(pendingException);
    }

    void setPendingException(Optional<CpuElement.PendingException> exception) {
        pendingException = exception.orElse(null);
    }

    @Override
    public boolean requestSample() {
        if (sleeper != null) {
            sample.set(CodeSample.HALTED);
        } else {
            raise(EVENT_SAMPLE);
        }
        return true;
    }

    @Override
    public CodeSample takeSample() {
        return sample.getAndSet(null);
    }

    @Override
    protected void sampled(long rip, int privilege, long addressSpace) {
        sample.set(new CodeSample(rip, privilege, addressSpace, false));
    }

    String statistics() {
        long asleep = slept + (sleeper == null ? 0 : System.nanoTime() - sleepsSince);
        return loopStatistics() + "halted-microseconds %d%n".formatted(asleep / 1000);
    }

    // ApicCpu: any thread.

    @Override
    public void interruptPending() {
        raise(EVENT_INTERRUPT);
        wake();
    }

    @Override
    public void nmi() {
        raise(EVENT_NMI);
        wake();
    }

    @Override
    public void init() {
        // A start-up IPI counts only behind the INIT that made the CPU wait for it.
        clearEvents(EVENT_STARTUP);
        raise(EVENT_INIT);
        wake();
    }

    @Override
    public void startup(int vector) {
        startupVector = vector;
        raise(EVENT_STARTUP);
        wake();
    }

    /** The regions of guest memory have changed; any thread. */
    void memoryRemapped() {
        remapped(Thread.currentThread() == runner);
    }

    private void wake() {
        Thread thread = sleeper;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    // CpuLoop.

    /** Events that change what the vCPU does, as opposed to how the next instruction runs. */
    private static final int CONTROL_EVENTS = EVENT_KICK | EVENT_NMI | EVENT_INIT | EVENT_STARTUP;

    @Override
    protected boolean handleEvents(int events) {
        clearEvents(EVENT_ACTIVITY);
        if (!control(events)) {
            return false;
        }
        while (activity != Activity.RUNNING) {
            if (!sleep() || !control(pendingEvents())) {
                return false;
            }
        }
        if (shadowed()) {
            return true;
        }
        if (nmiPending && !nmiBlocked) {
            nmiPending = false;
            nmiBlocked = true;
            deliverExternal(2);
        } else {
            takeInterrupt();
        }
        return true;
    }

    /** Takes the control events; false when {@link #run} has to return. */
    private boolean control(int events) {
        if ((events & EVENT_INIT) != 0) {
            clearEvents(EVENT_INIT);
            nmiPending = false;
            pendingException = null;
            apic.initReset();
            ResetState.init(this);
            activity = index == 0 ? Activity.RUNNING : Activity.WAIT_FOR_SIPI;
        }
        if ((events & EVENT_STARTUP) != 0) {
            clearEvents(EVENT_STARTUP);
            if (activity == Activity.WAIT_FOR_SIPI) {
                ResetState.startup(this, startupVector);
                activity = Activity.RUNNING;
            }
        }
        if ((events & EVENT_NMI) != 0) {
            clearEvents(EVENT_NMI);
            nmiPending = true;
        }
        if ((events & EVENT_KICK) != 0) {
            clearEvents(EVENT_KICK);
            exit = CpuExit.Kicked.INSTANCE;
            return false;
        }
        return true;
    }

    private void takeInterrupt() {
        clearEvents(EVENT_INTERRUPT);
        if (flag(Flags.IF) && apic.hasDeliverable()) {
            int vector = apic.acknowledge();
            if (vector == LocalApic.NONE) {
                return;
            }
            // Another one may wait behind this: look again when the handler opens interrupts.
            deliverExternal(vector == LocalApic.EXT_INT ? partition.acknowledgeExternal() : vector);
        }
    }

    /** One sleep, or none when something has come up; false when {@link #run} has to return. */
    private boolean sleep() {
        if (activity == Activity.SHUTDOWN) {
            exit = new CpuExit.Shutdown("the processor is in shutdown");
            return false;
        }
        clearEvents(EVENT_INTERRUPT);
        if (activity == Activity.HALTED) {
            if (nmiPending && !nmiBlocked || flag(Flags.IF) && apic.hasDeliverable()) {
                activity = Activity.RUNNING;
                return true;
            }
            if (!flag(Flags.IF) && !haltTold && (pendingEvents() & CONTROL_EVENTS) == 0) {
                haltTold = true;
                exit = new CpuExit.HaltedForever(rip());
                return false;
            }
        }
        sleepsSince = System.nanoTime();
        sleeper = Thread.currentThread();
        beginSleep();
        if ((pendingEvents() & (CONTROL_EVENTS | EVENT_INTERRUPT)) == 0) {
            LockSupport.park(this);
            // An interrupted thread does not park; only a kick ends a run.
            interruptedAsleep |= Thread.interrupted();
        }
        endSleep();
        sleeper = null;
        slept += System.nanoTime() - sleepsSince;
        return true;
    }

    @Override
    protected void leaveHalt() {
        activity = Activity.RUNNING;
    }

    @Override
    protected void shutdown(String cause) {
        activity = Activity.SHUTDOWN;
        exit = new CpuExit.Shutdown(cause);
    }

    @Override
    protected long readDevice(long physicalAddress, int size) {
        return isApicPage(physicalAddress)
                ? apic.readMmio((int) physicalAddress & 0xfff, size)
                : config.mmio().read(physicalAddress, size);
    }

    @Override
    protected void writeDevice(long physicalAddress, int size, long value) {
        if (isApicPage(physicalAddress)) {
            apic.writeMmio((int) physicalAddress & 0xfff, size, value);
        } else {
            config.mmio().write(physicalAddress, size, value);
        }
    }

    private boolean isApicPage(long physicalAddress) {
        return (physicalAddress & ~0xfffL) == apic.mmioBase() && apic.globallyEnabled() && !apic.x2ApicMode();
    }

    // CpuPlatform.

    @Override
    public long tsc() {
        return msrs.tsc();
    }

    @Override
    public boolean readMsr(int number, long[] value) {
        return msrs.read(number, value);
    }

    @Override
    public boolean writeMsr(int number, long value) {
        return msrs.write(number, value);
    }

    @Override
    public int readPort(int port, int width) {
        return config.ports().read(port, width);
    }

    @Override
    public void writePort(int port, int width, int value) {
        config.ports().write(port, width, value);
    }

    @Override
    public void cpuid(int leaf, int subleaf, int[] registers) {
        cpuid.query(leaf, subleaf, cr4, xcr0, apic.globallyEnabled(), registers);
    }

    @Override
    public int taskPriority() {
        return apic.cr8();
    }

    @Override
    public void setTaskPriority(int priority) {
        apic.setCr8(priority);
    }

    @Override
    public boolean interruptDeliverable() {
        return apic.hasDeliverable();
    }

    @Override
    public void halt() {
        activity = Activity.HALTED;
        haltTold = false;
        raise(EVENT_ACTIVITY);
    }

    @Override
    public long random() {
        return entropy.next();
    }

    @Override
    public long cr4Mask() {
        return cr4Mask;
    }

    @Override
    public long eferMask() {
        return eferMask;
    }

    @Override
    public long xcr0Mask() {
        return cpuid.xcr0Mask();
    }

    @Override
    public int physicalAddressBits() {
        return cpuid.physicalAddressBits();
    }
}
