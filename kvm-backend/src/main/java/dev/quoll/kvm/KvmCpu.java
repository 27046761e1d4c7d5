package dev.quoll.kvm;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_interrupt;
import dev.quoll.bindings.kvm.kvm_signal_mask;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.signal.ThreadKick;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Activity;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.GuestDebug;
import dev.quoll.machine.InstructionAssist;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MsrTable;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.VirtualCpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One vCPU: the loop around {@code KVM_RUN}. Port and MMIO accesses go from the shared page to the buses and back, with no
 * object and no lock.
 *
 * <p>Whoever wants the vCPU's thread back sets what he wants and sends its signal, which is open inside {@code KVM_RUN} only
 * ({@link ThreadKick}): the call returns EINTR, and in front of the next one the thread looks what there is to do. KVM
 * completes the access of the last exit before it looks at signals, so a vCPU that left by EINTR is between instructions.
 */
final class KvmCpu implements VirtualCpu, GuestDebug {
    /** What another thread wants of this one, in {@link #attention}. */
    private static final int KICK = 1;
    private static final int LINT0_ROSE = 2;
    private static final int LINT1_ROSE = 4;
    private static final int LOOK_AT_HALT = 8;
    /** Only to make the loop look at the external interrupt source. */
    private static final int EXTERNAL = 16;

    private static final int DELIVERY_FIXED = 0;
    private static final int DELIVERY_NMI = 4;
    private static final int LVT_MASKED = 1 << 16;
    private static final long RFLAGS_IF = 1 << 9;
    private static final int NO_VECTOR = -1;
    /** No RIP: not canonical. */
    private static final long NO_STEP = 1L << 62;
    private static final int SIGNAL_MASK_BYTES = 8;

    private final KvmPartition partition;
    private final int index;
    private final FileDescriptor cpu;
    private final RunArea run;
    private final PortBus ports;
    private final MmioBus mmio;
    private final RegisterState registers;
    private final VectorState vectors;
    private final EventState events;
    private final MsrState msrs;
    private final GuestTsc tsc;
    private final DebugControl debugging;
    private final MemorySegment errno;
    private final MemorySegment interrupt;
    private final MemorySegment mask;
    private final AtomicInteger attention = new AtomicInteger();
    private final long[] exits = new long[ExitReason.values().length];

    /** How to reach the thread in {@link #run}, else null. */
    private volatile ThreadKick target;
    /** Set by {@link #run}'s thread only; others compare it to see whether it moves. */
    private volatile long progress;
    private boolean settled = true;
    /** What a debugger has asked for. */
    private boolean stepping;
    private List<Breakpoint> points = List.of();
    /** How far the host's clock was ahead of guest time when the TSC was last put right, in nanoseconds. */
    private long tscLag;
    /** RIP before the instruction that {@link #step} executes. */
    private long stepStart = NO_STEP;
    /** Null where the machine has none. */
    private Assistance assistance;
    private boolean haltTold;
    private boolean shutDown;
    /** Acknowledged at the 8259 but not yet taken by KVM. */
    private int heldVector = NO_VECTOR;
    /** The last one that KVM took of those. */
    private int handedOver = NO_VECTOR;

    KvmCpu(KvmPartition partition, int index, FileDescriptor cpu, RunArea run, VcpuParts parts, Arena arena) {
        this.partition = partition;
        this.index = index;
        this.cpu = cpu;
        this.run = run;
        ports = partition.config().ports();
        mmio = partition.config().mmio();
        registers = parts.registers();
        vectors = parts.vectors();
        events = parts.events();
        msrs = parts.msrs();
        tsc = parts.tsc();
        debugging = new DebugControl(cpu, arena);
        errno = CapturedErrno.allocate(arena);
        interrupt = kvm_interrupt.allocate(arena);
        mask = kvm_signal_mask.allocate(SIGNAL_MASK_BYTES, arena);
    }

    /** The state accessors of a vCPU. */
    record VcpuParts(RegisterState registers, VectorState vectors, EventState events, MsrState msrs, GuestTsc tsc) {}

    @Override
    public int index() {
        return index;
    }

    @Override
    public CpuExit run() {
        if (takeKick()) {
            return CpuExit.Kicked.INSTANCE;
        }
        if (shutDown) {
            return new CpuExit.Shutdown("the processor is in shutdown");
        }
        settled = false;
        keepTime();
        try (ThreadKick own = ThreadKick.forCurrentThread()) {
            setSignalMask(own);
            target = own;
            return loop(own);
        } finally {
            target = null;
        }
    }

    /** While guest time stood still the counter went on: takes back what it went too far. */
    private void keepTime() {
        long lag = partition.time().settledLag();
        if (lag != tscLag) {
            tsc.shift(-partition.time().ticks(lag - tscLag), partition.time());
            tscLag = lag;
        }
    }

    /** Whether pauses are time to the guest's TSC, as this KVM does not move it. While the CPU does not run. */
    boolean hasFixedTsc() {
        return tsc.isFixed();
    }

    private boolean takeKick() {
        return (attention.get() & KICK) != 0 && (attention.getAndUpdate(set -> set & ~KICK) & KICK) != 0;
    }

    private void setSignalMask(ThreadKick own) {
        kvm_signal_mask.len(mask, SIGNAL_MASK_BYTES);
        MemorySegment.copy(own.maskInside(), 0, mask, kvm_signal_mask.sigset$offset(), SIGNAL_MASK_BYTES);
        cpu.ioctl("KVM_SET_SIGNAL_MASK", kvm_h.KVM_SET_SIGNAL_MASK(), mask);
    }

    private CpuExit loop(ThreadKick own) {
        int number = cpu.number();
        long request = kvm_h.KVM_RUN();
        CpuExit end = attend();
        while (end == null) {
            if (partition.externalInterrupts(index)) {
                offerExternal();
            }
            if (linux_h.ioctl_value(errno, number, request, 0) < 0) {
                int error = CapturedErrno.value(errno);
                if (error == Errno.EINTR.number()) {
                    own.drain();
                    end = attend();
                    if (end == null && stepStart != NO_STEP) {
                        end = behindAccess();
                    }
                } else if (error != Errno.EAGAIN.number()) { // an application processor has come to life
                    end = new CpuExit.Failure(FailureReport.runFailed(this, Errno.of(error)
                            .map(known -> known.name() + " (" + known.meaning() + ")")
                            .orElse("error number " + error)));
                }
            } else {
                end = dispatch(ExitReason.of(run.exitReason()));
                if (end == null && stepStart != NO_STEP) {
                    // KVM completes an access and would go on to the next instruction: here it comes out in between.
                    run.setImmediateExit(true);
                }
            }
        }
        return end;
    }

    /** The end of a step, if the instruction that left for the buses has retired. */
    private CpuExit behindAccess() {
        run.setImmediateExit(false);
        long rip = registers.general().rip();
        return rip == stepStart ? null : new CpuExit.Breakpoint(rip);
    }

    private CpuExit dispatch(ExitReason reason) {
        if (reason != null) {
            exits[reason.ordinal()]++;
            progress++;
            switch (reason) {
                case IO -> {
                    port();
                    return null;
                }
                case MMIO -> {
                    memory();
                    return null;
                }
                case IOAPIC_EOI -> {
                    partition.endOfInterrupt(run.eoiVector());
                    return null;
                }
                case X86_RDMSR -> {
                    msrs.read(run);
                    return null;
                }
                case X86_WRMSR -> {
                    msrs.write(run);
                    return null;
                }
                case INTR, IRQ_WINDOW_OPEN -> {
                    return null;
                }
                case DIRTY_RING_FULL -> {
                    return partition.makeRoomInRing(index)
                            ? null
                            : new CpuExit.Failure(FailureReport.ringOverrun(this));
                }
                case DEBUG -> {
                    return new CpuExit.Breakpoint(run.debugAddress());
                }
                case SHUTDOWN -> {
                    shutDown = true;
                    return new CpuExit.Shutdown("a fault came while a double fault was being delivered");
                }
                case INTERNAL_ERROR -> {
                    return run.internalError() == kvm_h.KVM_INTERNAL_ERROR_EMULATION() && assistance != null
                            ? assisted()
                            : new CpuExit.Failure(FailureReport.internalError(this, run));
                }
                default -> {
                    // No machine of ours turns these on.
                }
            }
        }
        return new CpuExit.Failure(FailureReport.unexpected(this, run, reason));
    }

    /**
     * The Java CPU executes what KVM's emulator does not know. KVM has an invalid-opcode exception on its way by then, which
     * is taken back first.
     */
    private CpuExit assisted() {
        events.forgetException();
        settled = false;
        CpuExit end =
                switch (assistance.step()) {
                    case InstructionAssist.Outcome.Done _ ->
                        stepStart == NO_STEP ? null : new CpuExit.Breakpoint(registers.general().rip());
                    case InstructionAssist.Outcome.Fault(_, int vector, boolean hasCode, int code, _) -> {
                        events.inject(new CpuElement.PendingException(vector, hasCode, code));
                        yield null;
                    }
                    case InstructionAssist.Outcome.Cannot(String why) ->
                        new CpuExit.Failure("The Java CPU cannot help: %s%n%s"
                                .formatted(why, FailureReport.internalError(this, run)));
                };
        settled = false;
        return end;
    }

    private void port() {
        int width = run.ioWidth();
        int port = run.ioPort();
        long data = run.ioData();
        boolean input = run.ioIsInput();
        for (int left = run.ioCount(); left > 0; left--, data += width) {
            if (input) {
                run.setValue(data, width, ports.read(port, width));
            } else {
                ports.write(port, width, (int) run.value(data, width));
            }
        }
    }

    private void memory() {
        long address = run.mmioAddress();
        long data = RunArea.mmioData();
        boolean write = run.mmioIsWrite();
        int left = run.mmioLength();
        while (left > 0) {
            // One access, but for the parts that a page border leaves of a wide one.
            int width = Integer.highestOneBit(left);
            if (write) {
                mmio.write(address, width, run.value(data, width));
            } else {
                run.setValue(data, width, mmio.read(address, width));
            }
            address += width;
            data += width;
            left -= width;
        }
    }

    /** Does what other threads want; not null when {@link #run} has to return. */
    private CpuExit attend() {
        if (attention.get() == 0) {
            return null;
        }
        int wants = attention.getAndSet(0);
        if ((wants & LINT0_ROSE) != 0) {
            pinRose(0);
        }
        if ((wants & LINT1_ROSE) != 0) {
            pinRose(1);
        }
        if ((wants & KICK) != 0) {
            return CpuExit.Kicked.INSTANCE;
        }
        return (wants & LOOK_AT_HALT) != 0 ? haltedForever() : null;
    }

    /** A local interrupt pin has risen: what its entry of the local vector table says (SDM vol. 3, 12.5.1). */
    private void pinRose(int pin) {
        int entry = events.lintEntry(pin);
        if ((entry & LVT_MASKED) != 0) {
            return;
        }
        switch (entry >>> 8 & 7) {
            case DELIVERY_NMI -> cpu.ioctl("KVM_NMI", kvm_h.KVM_NMI(), 0);
            case DELIVERY_FIXED -> partition.msiSink().signal(0xfee0_0000L | (long) index << 12, entry & 0xff);
            default -> {
                // ExtINT is asked for in the loop; SMI and INIT on a pin have no effect here.
            }
        }
    }

    private CpuExit haltedForever() {
        if (haltTold || events.activity() != Activity.HALTED) {
            return null;
        }
        CpuElement.General general = registers.general();
        if ((general.rflags() & RFLAGS_IF) != 0) {
            return null;
        }
        haltTold = true;
        return new CpuExit.HaltedForever(general.rip());
    }

    /** Hands KVM the 8259's interrupt as soon as the CPU takes it (api.rst, KVM_INTERRUPT). */
    private void offerExternal() {
        if (!run.readyForInterrupt()) {
            run.requestInterruptWindow(heldVector != NO_VECTOR || partition.externalPending());
            return;
        }
        if (heldVector == NO_VECTOR && partition.externalPending()) {
            heldVector = partition.acknowledgeExternal();
        }
        if (heldVector != NO_VECTOR) {
            kvm_interrupt.irq(interrupt, heldVector);
            if (linux_h.ioctl(errno, cpu.number(), kvm_h.KVM_INTERRUPT(), interrupt) >= 0) {
                handedOver = heldVector;
                heldVector = NO_VECTOR;
            } else if (CapturedErrno.value(errno) != Errno.EEXIST.number()) { // one before it is still on its way
                throw NativeException.of("KVM_INTERRUPT", cpu.name(), errno);
            }
        }
        run.requestInterruptWindow(heldVector != NO_VECTOR || partition.externalPending());
    }

    @Override
    public void kick() {
        want(KICK);
    }

    /** The LINT0 or LINT1 pin has gone from low to high. Any thread. */
    void lintRose(int pin) {
        want(pin == 0 ? LINT0_ROSE : LINT1_ROSE);
    }

    /** The 8259's output has risen. Any thread. */
    void externalRose() {
        want(EXTERNAL);
    }

    /** Makes a CPU that sits in HLT with interrupts masked tell so. Any thread. */
    void lookAtHalt() {
        want(LOOK_AT_HALT);
    }

    /** Changes while the CPU leaves the guest for the buses. */
    long progress() {
        return progress;
    }

    private void want(int what) {
        attention.getAndUpdate(set -> set | what);
        ThreadKick thread = target;
        if (thread != null) {
            thread.kick();
        }
    }

    @Override
    public void reset() {
        if (index == 0) {
            partition.resetControllers();
        }
        settled = true;
        shutDown = false;
        haltTold = false;
        heldVector = NO_VECTOR;
        handedOver = NO_VECTOR;
        ResetState.core().forEach(this::write);
        write(ResetState.localApic(index));
        msrs.reset();
        write(new CpuElement.Tsc(partition.time().clockTicks(), 0, 0));
        write(new CpuElement.RunState(index == 0 ? Activity.RUNNING : Activity.WAIT_FOR_SIPI));
    }

    @Override
    public CpuElement read(CpuElement.Kind kind) {
        settle();
        return switch (kind) {
            case GENERAL -> registers.general();
            case CONTROL -> registers.control();
            case SEGMENTS -> registers.segments();
            case XSAVE -> vectors.read();
            case DEBUG -> registers.debug();
            case MSRS -> msrs.read();
            case LOCAL_APIC ->
                new CpuElement.LocalApicPage(events.apicPage(), msrs.get(MsrTable.APIC_BASE));
            case EVENTS -> events.events();
            case RUN_STATE -> new CpuElement.RunState(shutDown ? Activity.SHUTDOWN : events.activity());
            case TSC -> {
                CpuElement.Tsc now = tsc.read();
                // A counter that KVM does not move had the lag of the last entry in it when the guest read it: so it has here.
                long ahead = partition.time().ticks(partition.time().lag() - tscLag);
                yield new CpuElement.Tsc(now.tsc() - ahead, now.tscAdjust(), now.deadline());
            }
        };
    }

    private void settle() {
        if (!settled) {
            settled = true;
            events.settle(handedOver);
        }
    }

    @Override
    public void write(CpuElement element) {
        settle();
        switch (element) {
            case CpuElement.General general -> registers.write(general);
            case CpuElement.Control control -> registers.write(control);
            case CpuElement.Segments segments -> registers.write(segments);
            case CpuElement.Xsave xsave -> vectors.write(xsave);
            case CpuElement.Debug debug -> registers.write(debug);
            case CpuElement.Msrs values -> msrs.write(values);
            case CpuElement.LocalApicPage(byte[] page, long apicBase) -> {
                msrs.set(MsrTable.APIC_BASE, apicBase);
                events.writeApic(page);
                partition.routeLevels(index, page);
            }
            case CpuElement.Events values -> events.write(values);
            case CpuElement.RunState(Activity activity) -> {
                haltTold = false;
                shutDown = activity == Activity.SHUTDOWN;
                events.setActivity(activity);
            }
            case CpuElement.Tsc state -> {
                tscLag = partition.time().lag();
                tsc.write(state);
            }
        }
    }

    @Override
    public void debug(boolean singleStep, List<Breakpoint> breakpoints) {
        debugging.set(singleStep, true, breakpoints);
        stepping = singleStep;
        points = List.copyOf(breakpoints);
    }

    @Override
    public CpuExit step() {
        try {
            debugging.set(true, false, points);
        } catch (UnsupportedOperationException e) {
            return new CpuExit.Failure(e.getMessage());
        }
        stepStart = registers.general().rip();
        try {
            return run();
        } finally {
            stepStart = NO_STEP;
            run.setImmediateExit(false);
            debugging.set(stepping, true, points);
        }
    }

    /** KVM does not count them. */
    @Override
    public long instructions() {
        return 0;
    }

    /** Gives the vCPU help with instructions that KVM does not know; before the first run. */
    void setAssistance(Assistance help) {
        assistance = help;
    }

    String statistics() {
        StringBuilder text = new StringBuilder(assistance == null ? "" : assistance.statistics());
        for (ExitReason reason : ExitReason.values()) {
            if (exits[reason.ordinal()] != 0) {
                text.append("exits-%s %d%n".formatted(reason.key(), exits[reason.ordinal()]));
            }
        }
        return text.toString();
    }
}
