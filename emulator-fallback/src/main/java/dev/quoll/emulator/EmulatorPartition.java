package dev.quoll.emulator;

import dev.quoll.emulator.apic.ApicBus;
import dev.quoll.emulator.apic.LocalApic;
import dev.quoll.emulator.clock.KvmClock;
import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.RegionCode;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.translate.bytecode.BytecodeTranslator;
import dev.quoll.emulator.translate.host.HostTranslator;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.EoiListener;
import dev.quoll.machine.ExternalInterruptSource;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MsiSink;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.VirtualCpu;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** The emulator's part of one machine: vCPUs, their local APICs and the paravirtual clock. */
final class EmulatorPartition implements Partition {
    private final Arena arena = Arena.ofShared();
    private final PartitionConfig config;
    /**
     * Runs after which a block is translated. Translation takes a microsecond an instruction or so once the JVM has warmed up, as
     * much as the interpreter takes for a hundred.
     */
    private static final int TRANSLATE_AFTER = Integer.getInteger("quoll.jit.after", 16);

    /**
     * Runs after which the region around a block becomes a method of the JVM. That pays when the JVM's compilers get to it: many more
     * runs than the host translator waits for, and not many regions. With half as many a boot is no faster than interpreted.
     */
    private static final int COMPILE_AFTER = Integer.getInteger("quoll.jit.regions.after", 32_768);

    private final ApicBus apicBus;
    private final PhysicalMemory physical;
    private final CpuGroup group;
    private final EmulatorCpu[] cpus;
    private final WriteLog writeLog;
    private final GuestMemory.DmaListener dmaListener = this::written;
    private final GuestMemory.MapListener mapListener = this::remapped;
    final KvmClock kvmClock;
    private volatile ExternalInterruptSource externalSource;

    EmulatorPartition(PartitionConfig config, Cpuid.Abilities abilities, Jit jit) {
        this.config = config;
        apicBus = new ApicBus(config.clock(), config.timers());
        kvmClock = new KvmClock(config.memory(), config.clock(), config.cpus());
        physical = new PhysicalMemory(config.memory(), config.mmio(), abilities.physicalAddressBits());
        group = new CpuGroup(config.cpus());
        Interpreter interpreter = Interpreter.complete();
        cpus = new EmulatorCpu[config.cpus()];
        for (int index = 0; index < cpus.length; index++) {
            Cpuid cpuid = new Cpuid(
                    config.profile(),
                    abilities,
                    new Cpuid.Place(
                            index,
                            cpus.length,
                            (int) (config.clock().tscHz() / 1000),
                            (int) (LocalApic.BUS_HZ / 1000)));
            cpus[index] = new EmulatorCpu(
                    this, config, cpuid, arena, physical, new Decoder(decoderFeatures(cpuid)), interpreter, group, index);
            Decoder decoder = new Decoder(decoderFeatures(cpuid));
            switch (jit) {
                case HOST -> cpus[index].translate(TRANSLATE_AFTER, arena, HostTranslator.create(), decoder);
                case BYTECODE -> cpus[index].compile(COMPILE_AFTER, REGIONS, decoder, REGION_THREAD);
                case OFF -> {}
            }
            cpus[index].attachApic(apicBus.attach(cpus[index]));
            cpus[index].reset();
        }
        writeLog = new WriteLog(config.memory(), physical, group, cpus);
        config.memory().addDmaListener(dmaListener);
        config.memory().addMapListener(mapListener);
    }

    private static final RegionCode REGIONS = new BytecodeTranslator();

    /** One thread for all machines: regions come one by one, and the guest does not wait for them. */
    private static final Executor REGION_THREAD =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("quoll-regions").factory());

    /** The decoder's set of the features that CPUID offers. */
    static long decoderFeatures(Cpuid cpuid) {
        long mask = 0;
        for (CpuFeature feature : CpuFeature.values()) {
            if (feature.cpuid().map(cpuid::offers).orElse(true)) {
                mask |= feature.mask();
            }
        }
        return mask;
    }

    private void written(long guestAddress, long length) {
        long offset = physical.offsetOf(guestAddress);
        for (EmulatorCpu cpu : cpus) {
            cpu.codeWritten(offset, length);
        }
    }

    private void remapped() {
        physical.remapped();
        for (EmulatorCpu cpu : cpus) {
            cpu.memoryRemapped();
        }
    }

    /** Takes the vector of an ExtINT from the PIC. */
    int acknowledgeExternal() {
        ExternalInterruptSource source = externalSource;
        if (source == null) {
            throw new IllegalStateException("an ExtINT was delivered on a board without an external interrupt source");
        }
        return source.acknowledge() & 0xff;
    }

    @Override
    public Set<IrqchipPart> owns() {
        return Set.of(IrqchipPart.LOCAL_APIC);
    }

    @Override
    public Optional<DirtyLog> dirtyLog() {
        return Optional.of(writeLog);
    }

    @Override
    public boolean remapsMemory() {
        return true;
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
        return apicBus;
    }

    @Override
    public InterruptLine lint0() {
        return apicBus.lint0();
    }

    @Override
    public InterruptLine lint1() {
        return apicBus.lint1();
    }

    @Override
    public void setNumericErrorLine(InterruptLine line) {
        cpus[0].setNumericErrorLine(line);
    }

    @Override
    public InterruptLine ignoreNumericError() {
        return cpus[0]::ignoreNumericError;
    }

    @Override
    public void setExternalInterruptSource(ExternalInterruptSource source) {
        externalSource = source;
    }

    @Override
    public void setEoiListener(EoiListener listener) {
        apicBus.setEoiListener(listener);
    }

    @Override
    public String statistics() {
        StringBuilder text = new StringBuilder();
        for (EmulatorCpu cpu : cpus) {
            text.append("cpu ").append(cpu.index()).append(System.lineSeparator()).append(cpu.statistics());
        }
        return text.append(group.statistics()).toString();
    }

    @Override
    public void close() {
        config.memory().removeDmaListener(dmaListener);
        config.memory().removeMapListener(mapListener);
        for (EmulatorCpu cpu : cpus) {
            // The machine, and its timers, may go on with another engine.
            cpu.apic().reset();
            cpu.endTranslation();
        }
        arena.close();
    }
}
