package dev.quoll.kvm;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_enable_cap;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.EoiListener;
import dev.quoll.machine.EventWiring;
import dev.quoll.machine.ExternalInterruptSource;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MsiSink;
import dev.quoll.machine.MsrTable;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.TimerQueue;
import dev.quoll.machine.VirtualCpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * KVM's part of one machine: vCPUs with their local APICs. I/O APIC, 8259 and 8254 are the board's (api.rst,
 * KVM_CAP_SPLIT_IRQCHIP) or, if so chosen, {@link KernelIrqchip}'s.
 */
final class KvmPartition implements Partition {
    /** Pages that Intel's processors need for real mode, below any firmware image and outside RAM (api.rst, 4.41). */
    private static final long IDENTITY_MAP_ADDRESS = 0xfeff_c000L;
    private static final long TSS_ADDRESS = 0xfeff_d000L;
    /** KVM's local APIC timer counts nanoseconds. */
    private static final int APIC_BUS_KHZ = 1_000_000;
    private static final long HALT_WATCH_NANOS = 100_000_000;
    private static final int ISR = 0x100;
    private static final int TMR = 0x180;
    private static final int IRR = 0x200;
    private static final int LEVEL_TRIGGERED = 1 << 15;

    private final PartitionConfig config;
    private final Arena arena = Arena.ofShared();
    /** In the order made. */
    private final List<AutoCloseable> resources = new ArrayList<>(List.of(arena));
    private final FileDescriptor machine;
    private final InterruptRoutes routes;
    private final Optional<KernelIrqchip> irqchip;
    private final KvmCpu[] cpus;
    private final PartitionTime time;
    private final KvmEventWiring wiring;
    private final MemorySlots slots;
    private final Optional<DirtyRings> rings;
    private final GuestMemory.MapListener remapped;
    /** What the kernel counts of the machine, then of each CPU; empty where it has no such files. */
    private final List<KernelStatistics> kernelFigures = new ArrayList<>();
    private final InterruptLine lint0 = this::setLint0;
    private final InterruptLine lint1 = this::setLint1;
    private final TimerQueue.Timer haltWatch;
    private final long[] lastProgress;
    private volatile boolean lint0High;
    private volatile boolean lint1High;
    private volatile ExternalInterruptSource externalSource;
    private volatile EoiListener eoiListener = _ -> {};

    private KvmPartition(PartitionConfig config, KvmOptions options, KvmSystem kvm) throws EngineException {
        this.config = config;
        machine = closing(kvm.createMachine());
        cpus = new KvmCpu[config.cpus()];
        lastProgress = new long[config.cpus()];
        haltWatch = config.timers().timer(this::watchHalts);
        try {
            int most = kvm.check(kvm_h.KVM_CAP_MAX_VCPUS());
            if (config.cpus() > most) {
                throw new EngineException("this host's KVM runs at most %d CPUs in a machine, not %d".formatted(most, config.cpus()));
            }
            time = new PartitionTime(machine, config.clock());
            setAddresses();
            boolean full = options.irqchip() == KvmOptions.Irqchip.FULL;
            if (full) {
                kvm.require(Capability.PIT2, Capability.REINJECT_CONTROL);
                irqchip = Optional.of(new KernelIrqchip(machine, arena));
            } else {
                irqchip = Optional.empty();
                enable("KVM_CAP_SPLIT_IRQCHIP", kvm_h.KVM_CAP_SPLIT_IRQCHIP(), InterruptRoutes.LEVEL);
            }
            routes = full ? InterruptRoutes.full(machine) : InterruptRoutes.split(machine);
            wiring = new KvmEventWiring(machine, routes);
            enableInterfaces();
            rings = options.writeLog() == KvmOptions.WriteLog.RING ? Optional.of(rings(kvm)) : Optional.empty();
            slots = new MemorySlots(machine, config.memory(), rings.isPresent() ? rings.get() : bitmap(kvm));
            slots.map();
            remapped = slots::map;
            config.memory().addMapListener(remapped);
            addFigures(kvm, machine);
            makeCpus(kvm, options.assist());
        } catch (EngineException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** @throws EngineException with one sentence for the user */
    static KvmPartition create(PartitionConfig config, KvmOptions options) throws EngineException {
        try (KvmSystem kvm = KvmSystem.open()) {
            return new KvmPartition(config, options, kvm);
        } catch (NativeException | NativeUnavailableException e) {
            throw new EngineException("KVM cannot make this machine: " + e.getMessage(), e);
        }
    }

    /** To be closed by {@link #close}. */
    private <T extends AutoCloseable> T closing(T resource) {
        resources.add(resource);
        return resource;
    }

    private DirtyBitmap bitmap(KvmSystem kvm) {
        boolean manual = kvm.has(Capability.MANUAL_DIRTY_LOG_PROTECT2);
        if (manual) {
            enable(
                    "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2",
                    kvm_h.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2(),
                    kvm_h.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE());
        }
        return new DirtyBitmap(machine, manual);
    }

    private DirtyRings rings(KvmSystem kvm) throws EngineException {
        kvm.require(Capability.DIRTY_LOG_RING);
        enable("KVM_CAP_DIRTY_LOG_RING", kvm_h.KVM_CAP_DIRTY_LOG_RING(), DirtyRings.BYTES);
        return closing(new DirtyRings(machine));
    }

    private void addFigures(KvmSystem kvm, FileDescriptor owner) {
        if (kvm.has(Capability.BINARY_STATS_FD)) {
            kernelFigures.add(closing(KernelStatistics.of(owner)));
        }
    }

    private void makeCpus(KvmSystem kvm, boolean assist) {
        Cpuid.Abilities abilities = kvm.abilities();
        boolean scales = kvm.has(Capability.TSC_CONTROL);
        int xsaveSize =
                Math.max(0, machine.ioctl("KVM_CHECK_EXTENSION", kvm_h.KVM_CHECK_EXTENSION(), kvm_h.KVM_CAP_XSAVE2()));
        int shared = kvm.sharedSize();
        for (int index = 0; index < cpus.length; index++) {
            FileDescriptor cpu = closing(FileDescriptor.owning(
                    machine.ioctl("KVM_CREATE_VCPU", kvm_h.KVM_CREATE_VCPU(), index), "KVM CPU " + index));
            RunArea run = closing(new RunArea(MemoryMapping.shared(cpu.number(), 0, shared, Protection.READ_WRITE)));
            rings.ifPresent(all -> all.add(cpu));
            addFigures(kvm, cpu);
            int khz = setFrequency(cpu, scales);
            time.setFrequency(khz);
            Cpuid cpuid = new Cpuid(
                    config.profile(), abilities, new Cpuid.Place(index, cpus.length, khz, APIC_BUS_KHZ));
            MsrTable table = new MsrTable(cpuid);
            if (index == 0) {
                MsrFilter.install(machine, table);
            }
            CpuidTable.set(cpu, cpuid.entries());
            MsrState msrs = new MsrState(cpu, table, arena);
            cpus[index] = new KvmCpu(
                    this,
                    index,
                    cpu,
                    run,
                    new KvmCpu.VcpuParts(
                            new RegisterState(cpu, arena),
                            new VectorState(cpu, arena, xsaveSize),
                            new EventState(cpu, arena),
                            msrs,
                            new GuestTsc(cpu, msrs, table, arena)),
                    arena);
        }
        for (KvmCpu cpu : cpus) {
            if (assist) {
                cpu.setAssistance(closing(new Assistance(cpu, config)));
            }
            cpu.reset();
        }
        haltWatch.arm(config.clock().nanos() + HALT_WATCH_NANOS);
    }

    private void setAddresses() {
        MemorySegment address = arena.allocate(ValueLayout.JAVA_LONG);
        address.set(ValueLayout.JAVA_LONG, 0, IDENTITY_MAP_ADDRESS);
        machine.ioctl("KVM_SET_IDENTITY_MAP_ADDR", kvm_h.KVM_SET_IDENTITY_MAP_ADDR(), address);
        machine.ioctl("KVM_SET_TSS_ADDR", kvm_h.KVM_SET_TSS_ADDR(), TSS_ADDRESS);
    }

    private void enableInterfaces() {
        enable(
                "KVM_CAP_X2APIC_API",
                kvm_h.KVM_CAP_X2APIC_API(),
                kvm_h.KVM_X2APIC_API_USE_32BIT_IDS() | kvm_h.KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK());
        enable(
                "KVM_CAP_X86_USER_SPACE_MSR",
                kvm_h.KVM_CAP_X86_USER_SPACE_MSR(),
                kvm_h.KVM_MSR_EXIT_REASON_FILTER() | kvm_h.KVM_MSR_EXIT_REASON_UNKNOWN());
    }

    private void enable(String name, int capability, long argument) {
        MemorySegment request = kvm_enable_cap.allocate(arena);
        kvm_enable_cap.cap(request, capability);
        kvm_enable_cap.args(request, 0, argument);
        machine.ioctl("KVM_ENABLE_CAP of " + name, kvm_h.KVM_ENABLE_CAP(), request);
    }

    /** The clock's frequency where the processor scales, else the host's; in kHz. */
    private int setFrequency(FileDescriptor cpu, boolean scales) {
        if (scales) {
            cpu.ioctl("KVM_SET_TSC_KHZ", kvm_h.KVM_SET_TSC_KHZ(), config.clock().tscHz() / 1000);
        }
        return cpu.ioctl("KVM_GET_TSC_KHZ", kvm_h.KVM_GET_TSC_KHZ(), 0);
    }

    PartitionConfig config() {
        return config;
    }

    PartitionTime time() {
        return time;
    }

    private void watchHalts() {
        for (KvmCpu cpu : cpus) {
            long progress = cpu.progress();
            if (progress == lastProgress[cpu.index()]) {
                cpu.lookAtHalt();
            }
            lastProgress[cpu.index()] = progress;
        }
        haltWatch.arm(config.clock().nanos() + HALT_WATCH_NANOS);
    }

    void endOfInterrupt(int vector) {
        eoiListener.endOfInterrupt(vector);
    }

    /** Level-triggered interrupts that a restored local APIC has in it will end here too. */
    void routeLevels(int cpu, byte[] page) {
        MemorySegment registers = MemorySegment.ofArray(page);
        for (int vector = 16; vector < 256; vector++) {
            long word = (vector >>> 5) * 16L;
            int in = registers.get(ValueLayout.JAVA_INT_UNALIGNED, ISR + word)
                    | registers.get(ValueLayout.JAVA_INT_UNALIGNED, IRR + word);
            int level = registers.get(ValueLayout.JAVA_INT_UNALIGNED, TMR + word);
            if ((in & level & 1 << vector) != 0) {
                routes.addLevel(0xfee0_0000L | (cpu & 0xffL) << 12 | (cpu & ~0xffL) << 32, vector | LEVEL_TRIGGERED);
            }
        }
    }

    /** Whether this CPU's loop has to care for the 8259: the virtual wire leads to the bootstrap processor. */
    boolean externalInterrupts(int cpu) {
        return cpu == 0 && externalSource != null;
    }

    boolean externalPending() {
        return externalSource.pending();
    }

    int acknowledgeExternal() {
        return externalSource.acknowledge() & 0xff;
    }

    private void setLint0(boolean high) {
        boolean rose = high && !lint0High;
        lint0High = high;
        if (rose) {
            cpus[0].externalRose();
            for (KvmCpu cpu : cpus) {
                cpu.lintRose(0);
            }
        }
    }

    private void setLint1(boolean high) {
        boolean rose = high && !lint1High;
        lint1High = high;
        if (rose) {
            for (KvmCpu cpu : cpus) {
                cpu.lintRose(1);
            }
        }
    }

    /** The board's reset goes for what is in the kernel too. */
    void resetControllers() {
        irqchip.ifPresent(KernelIrqchip::reset);
    }

    /** A CPU's ring of written pages is full; false when that cannot be helped. */
    boolean makeRoomInRing(int cpu) {
        return rings.isPresent() && rings.get().makeRoom(cpu, slots);
    }

    @Override
    public Set<IrqchipPart> owns() {
        return irqchip.isPresent() ? EnumSet.allOf(IrqchipPart.class) : Set.of(IrqchipPart.LOCAL_APIC);
    }

    @Override
    public List<InterruptLine> interruptInputs() {
        return irqchip.map(KernelIrqchip::inputs).orElse(List.of());
    }

    @Override
    public int cpuCount() {
        return cpus.length;
    }

    @Override
    public VirtualCpu cpu(int index) {
        return cpus[index];
    }

    @Override
    public MsiSink msiSink() {
        return routes;
    }

    @Override
    public InterruptLine lint0() {
        return lint0;
    }

    @Override
    public InterruptLine lint1() {
        return lint1;
    }

    @Override
    public void setExternalInterruptSource(ExternalInterruptSource source) {
        externalSource = source;
    }

    @Override
    public void setEoiListener(EoiListener listener) {
        eoiListener = listener;
    }

    @Override
    public Optional<EventWiring> eventWiring() {
        return Optional.of(wiring);
    }

    @Override
    public Optional<DirtyLog> dirtyLog() {
        return Optional.of(slots);
    }

    @Override
    public boolean remapsMemory() {
        return true;
    }

    @Override
    public String statistics() {
        StringBuilder text = new StringBuilder(kernelFigures.isEmpty() ? "" : kernelFigures.getFirst().text());
        for (KvmCpu cpu : cpus) {
            text.append("cpu ").append(cpu.index()).append(System.lineSeparator()).append(cpu.statistics());
            if (!kernelFigures.isEmpty()) {
                text.append(kernelFigures.get(cpu.index() + 1).text());
            }
        }
        return text.toString();
    }

    @Override
    public void close() {
        haltWatch.cancel();
        config.memory().removeMapListener(remapped);
        RuntimeException failure = null;
        for (AutoCloseable resource : resources.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new IllegalStateException("a part of a KVM machine did not close: " + e.getMessage(), e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        resources.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
