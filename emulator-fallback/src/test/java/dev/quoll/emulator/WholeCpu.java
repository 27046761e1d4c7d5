package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.HostClock;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.TimerQueue;
import java.util.HexFormat;
import java.util.List;

/** One virtual CPU of the engine as a machine gets it, in 64-bit code, whose exception handlers are HLTs; real mode's too. */
final class WholeCpu implements AutoCloseable {
    static final long IDT = 0x2000;
    static final long GDT = 0x3000;
    static final long HANDLERS = 0x4000;
    static final long TEXT = 0x30000;
    static final long STACK = 0x50000;
    private static final long TABLES = 0x10000;
    private static final long RAM = 1 << 20;
    private static final int CODE = 8;
    private static final int VECTORS = 64;

    final GuestMemory memory;
    final EmulatorCpu cpu;
    final PartitionConfig config;
    private final TimerQueue timers;
    private final Partition partition;

    WholeCpu(CpuProfile profile) throws Exception {
        HostClock clock = new HostClock();
        memory = GuestMemory.create(List.of(new RamRegion(0, RAM, 0)));
        timers = new TimerQueue(clock, "whole-cpu-timers");
        config = new PartitionConfig(memory, new PortBus(), new MmioBus(), clock, timers, profile, 1, NoPower.SINK);
        partition = new EmulatorEngine().create(config);
        cpu = (EmulatorCpu) partition.cpu(0);
        for (int vector = 0; vector < VECTORS; vector++) {
            long handler = HANDLERS + 16L * vector;
            memory.writeByte(handler, (byte) 0xf4);
            memory.writeLong(IDT + 16L * vector, handler & 0xffff | CODE << 16 | 0x8e00L << 32);
            // The real-mode vector table lies at 0.
            memory.writeInt(4L * vector, (int) handler);
        }
        memory.writeLong(GDT + CODE, 0x00af_9b00_0000_ffffL);
        memory.writeLong(TABLES, TABLES + 0x1000 | 7);
        memory.writeLong(TABLES + 0x1000, TABLES + 0x2000 | 7);
        // The local APIC's page is mapped at its place.
        memory.writeLong(TABLES + 0x1000 + 3 * 8, 0xc000_0083L);
        enter();
    }

    /** 64-bit code at CPL 0, interrupts masked. */
    void enter() {
        memory.writeLong(TABLES + 0x2000, 0x83);
        cpu.cr0 = ControlBits.CR0_PE | ControlBits.CR0_PG | ControlBits.CR0_ET | ControlBits.CR0_NE;
        cpu.cr3 = TABLES;
        cpu.cr4 = ControlBits.CR4_PAE | ControlBits.CR4_OSFXSR;
        cpu.efer = ControlBits.EFER_LME | ControlBits.EFER_LMA;
        cpu.cpl = 0;
        cpu.selector[RegisterFile.CS] = CODE;
        cpu.access[RegisterFile.CS] = 0x9b | Cpu.DESCRIPTOR_L;
        cpu.setSegmentBase(RegisterFile.CS, 0);
        cpu.gdtBase = GDT;
        cpu.gdtLimit = 0xff;
        cpu.idtBase = IDT;
        cpu.idtLimit = 16 * VECTORS - 1;
        cpu.flushAll();
        cpu.updateMode();
    }

    /** Makes the code that runs next user code, which has to end with an exception. */
    void dropPrivilege() {
        memory.writeLong(TABLES + 0x2000, 0x87);
        cpu.flushAll();
        cpu.cpl = 3;
        cpu.access[RegisterFile.CS] = 0xfb | Cpu.DESCRIPTOR_L;
        cpu.selector[RegisterFile.TR] = 0x20;
        cpu.access[RegisterFile.TR] = 0x8b;
        cpu.limit[RegisterFile.TR] = 0x67;
        cpu.setSegmentBase(RegisterFile.TR, 0x6000);
        memory.writeLong(0x6004, STACK);
        cpu.updateMode();
    }

    /** Starts code (in hexadecimal) that a HLT is put behind; interrupts are masked. */
    CpuExit start(String code) {
        byte[] bytes = HexFormat.of().parseHex(code.replace(" ", "") + "f4");
        memory.write(TEXT, bytes);
        cpu.setRip(TEXT - cpu.segmentBase(RegisterFile.CS));
        cpu.setRflags(cpu.rflags() & ~(Flags.IF | Flags.TF));
        cpu.set64(StateLayout.RSP, STACK);
        cpu.updateMode();
        cpu.setActivity(CpuElement.Activity.RUNNING);
        return cpu.run();
    }

    /** Runs code to its end; returns the vector that it raised, or -1. */
    int run(String code) {
        CpuExit exit = start(code);
        assertThat(exit).as(code).isInstanceOf(CpuExit.HaltedForever.class);
        return vector();
    }

    /** The vector in whose handler the CPU has halted, or -1. */
    int vector() {
        long distance = cpu.segmentBase(RegisterFile.CS) + cpu.rip() - 1 - HANDLERS;
        return distance >= 0 && distance < 16L * VECTORS && (distance & 15) == 0 ? (int) distance / 16 : -1;
    }

    /** RDMSR; the value, or null when it faults. */
    Long readMsr(int number) {
        cpu.set64(StateLayout.RCX, number & 0xffffffffL);
        int vector = run("0f32");
        assertThat(vector).isIn(-1, 13);
        return vector < 0 ? cpu.get64(StateLayout.RDX) << 32 | cpu.get64(StateLayout.RAX) : null;
    }

    /** WRMSR; false when it faults. */
    boolean writeMsr(int number, long value) {
        cpu.set64(StateLayout.RCX, number & 0xffffffffL);
        cpu.set64(StateLayout.RAX, value & 0xffffffffL);
        cpu.set64(StateLayout.RDX, value >>> 32);
        int vector = run("0f30");
        assertThat(vector).isIn(-1, 13);
        return vector < 0;
    }

    /** CPUID: EAX, EBX, ECX, EDX. */
    int[] cpuid(int leaf, int subleaf) {
        cpu.set64(StateLayout.RAX, leaf & 0xffffffffL);
        cpu.set64(StateLayout.RCX, subleaf);
        assertThat(run("0fa2")).isEqualTo(-1);
        return new int[] {
            cpu.get32(StateLayout.RAX), cpu.get32(StateLayout.RBX), cpu.get32(StateLayout.RCX), cpu.get32(StateLayout.RDX)
        };
    }

    @Override
    public void close() {
        partition.close();
        timers.close();
        memory.close();
    }
}
