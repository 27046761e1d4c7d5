package dev.quoll.emulator;

import dev.quoll.emulator.apic.LocalApic;
import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.CpuPlatform;
import dev.quoll.emulator.core.EmulationFailure;
import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.system.Delivery;
import dev.quoll.machine.ControlMasks;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Kind;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.InstructionAssist;
import dev.quoll.machine.InstructionAssist.Outcome;
import dev.quoll.machine.MsrTable;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.VirtualCpu;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Executes single instructions for a CPU of another engine: takes over the elements of its state that the instruction
 * can depend on, runs it on the same memory and buses, and hands back what has changed. Local APIC, time and most
 * model-specific registers stay with the other engine and are asked for there.
 */
final class AssistCpu extends CpuLoop implements CpuPlatform, InstructionAssist.CpuAssist {
    /** What every instruction can read or change. */
    private static final Set<Kind> USUAL = EnumSet.of(Kind.GENERAL, Kind.CONTROL, Kind.SEGMENTS, Kind.DEBUG, Kind.EVENTS);

    private static final Set<Mnemonic> OF_MSRS = EnumSet.of(
            Mnemonic.RDTSCP,
            Mnemonic.RDPID,
            Mnemonic.SWAPGS,
            Mnemonic.SYSCALL,
            Mnemonic.SYSRET,
            Mnemonic.SYSENTER,
            Mnemonic.SYSEXIT,
            Mnemonic.RDMSR,
            Mnemonic.WRMSR);
    private static final Attribute[] OF_XSAVE = {
        Attribute.X87, Attribute.MMX, Attribute.SSE, Attribute.FXSAVE, Attribute.XSAVE, Attribute.AVX
    };

    private static final long CR4_PGE = 1 << 7;

    private final VirtualCpu cpu;
    private final PartitionConfig machine;
    private final Arena arena;
    private final Decoder decoder;
    private final Cpuid cpuid;
    private final Entropy entropy = new Entropy();
    private final Map<Kind, CpuElement> before = new EnumMap<>(Kind.class);
    private final byte[] code = new byte[Decoder.MAX_LENGTH];
    private boolean halted;

    AssistCpu(VirtualCpu cpu, PartitionConfig machine) {
        this(cpu, machine, Arena.ofShared(), place(cpu, machine));
    }

    private AssistCpu(VirtualCpu cpu, PartitionConfig machine, Arena arena, Cpuid cpuid) {
        this(cpu, machine, arena, cpuid, new Decoder(EmulatorPartition.decoderFeatures(cpuid)));
    }

    private AssistCpu(VirtualCpu cpu, PartitionConfig machine, Arena arena, Cpuid cpuid, Decoder decoder) {
        // A group of two of which this is one: the other engine's CPUs run on, so LOCK has to hold against them.
        super(
                arena,
                new PhysicalMemory(machine.memory(), machine.mmio(), cpuid.physicalAddressBits()),
                decoder,
                Interpreter.complete(),
                new Delivery(),
                new CpuGroup(2));
        this.cpu = cpu;
        this.machine = machine;
        this.arena = arena;
        this.cpuid = cpuid;
        this.decoder = decoder;
        attach(this);
        ResetState.powerOn(this);
    }

    /**
     * All that the interpreter has: as on a processor under a hypervisor, a feature that is hidden in CPUID works all the
     * same, and a KVM that interprets shows guests features that no profile of theirs has.
     */
    private static Cpuid place(VirtualCpu cpu, PartitionConfig machine) {
        return new Cpuid(
                CpuProfile.all().getLast(),
                EmulatorEngine.abilities(),
                new Cpuid.Place(
                        cpu.index(),
                        machine.cpus(),
                        (int) (machine.clock().tscHz() / 1000),
                        (int) (LocalApic.BUS_HZ / 1000)));
    }

    // CpuAssist.

    @Override
    public Outcome step() {
        clearAllEvents();
        halted = false;
        before.clear();
        USUAL.forEach(this::takeOver);
        Instruction instruction = instruction();
        if (instruction != null) {
            dependsOn(instruction).forEach(this::takeOver);
        }
        String mnemonic = instruction == null
                ? "(undecodable)"
                : instruction.mnemonic().name().toLowerCase(Locale.ROOT);
        boolean retired;
        try {
            retired = executeInstruction();
        } catch (EmulationFailure failure) {
            return new Outcome.Cannot(failure.getMessage());
        }
        before.forEach(this::handBack);
        if (halted) {
            cpu.write(new CpuElement.RunState(CpuElement.Activity.HALTED));
        }
        if (!retired) {
            return new Outcome.Fault(mnemonic, raisedVector(), raisedHasError(), raisedError(), cr2);
        }
        if (instruction != null && instruction.mnemonic() == Mnemonic.INVPCID) {
            forgetTranslations();
        }
        return new Outcome.Done(mnemonic);
    }

    @Override
    public void close() {
        arena.close();
    }

    private void takeOver(Kind kind) {
        CpuElement element = cpu.read(kind);
        before.put(kind, element);
        switch (element) {
            case CpuElement.Events events -> {
                nmiBlocked = events.nmiBlocked();
                if (events.stiShadow()) {
                    beginStiShadow();
                }
                if (events.movSsShadow()) {
                    beginMovSsShadow();
                }
            }
            case CpuElement.Msrs(List<CpuElement.Msr> values) ->
                values.stream().filter(msr -> CoreMsrs.owns(msr.number())).forEach(msr -> CoreMsrs.restore(this, msr));
            default -> CoreElements.write(this, element);
        }
    }

    private void handBack(Kind kind, CpuElement old) {
        CpuElement now = switch (old) {
            case CpuElement.Events events ->
                new CpuElement.Events(
                        events.nmiPending(), nmiBlocked, inStiShadow(), inMovSsShadow(), events.exception());
            case CpuElement.Msrs(List<CpuElement.Msr> values) ->
                new CpuElement.Msrs(values.stream().map(this::current).toList());
            case CpuElement.Xsave(byte[] area) -> new CpuElement.Xsave(XsaveImage.saveInto(this, area));
            default -> CoreElements.read(this, kind);
        };
        if (!now.equals(old)) {
            cpu.write(now);
        }
    }

    private CpuElement.Msr current(CpuElement.Msr msr) {
        return CoreMsrs.owns(msr.number()) ? CoreMsrs.save(this, msr.number()) : msr;
    }

    /** What stands at RIP; null where that cannot be read or is no instruction, which executing it will show. */
    private Instruction instruction() {
        long linear = is64() ? rip() : segmentBase(RegisterFile.CS) + rip() & 0xffffffffL;
        long faultAddress = cr2;
        int count = 0;
        try {
            while (count < code.length) {
                code[count] = (byte) loadSystem(linear + count, 1);
                count++;
            }
        } catch (GuestFault beyond) {
            cr2 = faultAddress;
        }
        return decoder.decode(code, 0, count, Mode.codeSize(modeBits())) instanceof Instruction found ? found : null;
    }

    private static Set<Kind> dependsOn(Instruction instruction) {
        Set<Kind> kinds = EnumSet.noneOf(Kind.class);
        if (OF_MSRS.contains(instruction.mnemonic())) {
            kinds.add(Kind.MSRS);
        }
        OpcodeRow row = instruction.row();
        for (Attribute attribute : OF_XSAVE) {
            if (row.has(attribute)) {
                kinds.add(Kind.XSAVE);
            }
        }
        return kinds;
    }

    /** What the other engine knows of the guest's page tables goes as software makes it go (SDM vol. 3, 4.10.4.1). */
    private void forgetTranslations() {
        CpuElement.Control now = (CpuElement.Control) cpu.read(Kind.CONTROL);
        cpu.write(new CpuElement.Control(
                now.cr0(), now.cr2(), now.cr3(), now.cr4() ^ CR4_PGE, now.cr8(), now.efer(), now.xcr0()));
        cpu.write(now);
    }

    // CpuLoop.

    @Override
    protected boolean handleEvents(int events) {
        return true;
    }

    @Override
    protected void shutdown(String cause) {
        throw new EmulationFailure(cause);
    }

    @Override
    protected long readDevice(long physicalAddress, int size) {
        CpuElement.LocalApicPage apic = apicAt(physicalAddress);
        if (apic == null) {
            return machine.mmio().read(physicalAddress, size);
        }
        int offset = (int) physicalAddress & 0xfff;
        ByteBuffer page = ByteBuffer.wrap(apic.registers()).order(ByteOrder.LITTLE_ENDIAN);
        return size == 4 && offset <= apic.registers().length - 4 ? page.getInt(offset) & 0xffff_ffffL : 0;
    }

    @Override
    protected void writeDevice(long physicalAddress, int size, long value) {
        if (apicAt(physicalAddress) != null) {
            throw new EmulationFailure(
                    "the instruction writes to the local APIC at 0x%x, which belongs to the other engine."
                            .formatted(physicalAddress));
        }
        machine.mmio().write(physicalAddress, size, value);
    }

    /** The CPU's local APIC if its page is there, else null. */
    private CpuElement.LocalApicPage apicAt(long physicalAddress) {
        CpuElement.LocalApicPage apic = (CpuElement.LocalApicPage) cpu.read(Kind.LOCAL_APIC);
        // Enabled, and not in x2APIC mode.
        boolean there = (apic.apicBase() >>> 10 & 3) == 2;
        return there && (physicalAddress & ~0xfffL) == (apic.apicBase() & ~0xfffL) ? apic : null;
    }

    // CpuPlatform.

    @Override
    public long tsc() {
        return ((CpuElement.Tsc) cpu.read(Kind.TSC)).tsc();
    }

    @Override
    public boolean readMsr(int number, long[] value) {
        for (CpuElement.Msr msr : ((CpuElement.Msrs) cpu.read(Kind.MSRS)).values()) {
            if (msr.number() == number) {
                value[0] = msr.value();
                return true;
            }
        }
        CpuElement.Tsc time = (CpuElement.Tsc) cpu.read(Kind.TSC);
        switch (number) {
            case MsrTable.TSC -> value[0] = time.tsc();
            case MsrTable.TSC_ADJUST -> value[0] = time.tscAdjust();
            case MsrTable.TSC_DEADLINE -> value[0] = time.deadline();
            case MsrTable.APIC_BASE ->
                value[0] = ((CpuElement.LocalApicPage) cpu.read(Kind.LOCAL_APIC)).apicBase();
            default -> {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean writeMsr(int number, long value) {
        if (!readMsr(number, new long[1])) {
            return false;
        }
        cpu.write(new CpuElement.Msrs(List.of(new CpuElement.Msr(number, value))));
        return true;
    }

    @Override
    public int readPort(int port, int width) {
        return machine.ports().read(port, width);
    }

    @Override
    public void writePort(int port, int width, int value) {
        machine.ports().write(port, width, value);
    }

    @Override
    public void cpuid(int leaf, int subleaf, int[] registers) {
        cpuid.query(leaf, subleaf, cr4, xcr0, true, registers);
    }

    @Override
    public int taskPriority() {
        return (int) ((CpuElement.Control) before.get(Kind.CONTROL)).cr8();
    }

    @Override
    public void setTaskPriority(int priority) {
        if (priority != taskPriority()) {
            throw new EmulationFailure("the instruction writes CR8, which belongs to the other engine.");
        }
    }

    /** The other engine looks for itself when its CPU goes on. */
    @Override
    public boolean interruptDeliverable() {
        return false;
    }

    @Override
    public void halt() {
        halted = true;
    }

    @Override
    public long random() {
        return entropy.next();
    }

    @Override
    public long cr4Mask() {
        return ControlMasks.cr4(cpuid.offered());
    }

    @Override
    public long eferMask() {
        return ControlMasks.efer(cpuid.offered());
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
