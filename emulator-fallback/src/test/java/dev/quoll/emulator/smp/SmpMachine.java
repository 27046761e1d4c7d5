package dev.quoll.emulator.smp;

import dev.quoll.emulator.EmulatorEngine;
import dev.quoll.emulator.NoPower;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.isa.Assembler;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Assembler.Program;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.HostClock;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.TimerQueue;
import dev.quoll.machine.VirtualCpu;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A bare machine of several virtual CPUs for guests of a few instructions: RAM, long mode, an identity mapping by 4 KiB
 * pages, one host thread for each CPU. A CPU that writes to port {@link #DONE} leaves its run.
 */
final class SmpMachine implements AutoCloseable {
    static final int DONE = 0xf4;
    static final long RAM = 48L << 20;

    static final long GDT = 0x1000;
    static final long IDT = 0x2000;
    /** Page tables: one page for each 2 MiB. */
    static final long TABLES = 0x10000;

    /** The local APIC's registers. */
    static final long APIC = 0xfee0_0000L;
    /** 4 KiB for each CPU; RSP starts at the end. */
    static final long STACKS = 0x40000;

    static final int CODE_SELECTOR = 0x08;
    static final int DATA_SELECTOR = 0x10;

    final GuestMemory memory;
    private final TimerQueue timers;
    final Partition partition;
    private final List<ExecutorService> executors = new ArrayList<>();
    /** The CPU that a host thread runs, for the port. */
    private final ThreadLocal<VirtualCpu> running = new ThreadLocal<>();

    SmpMachine(int cpus) {
        try {
            memory = GuestMemory.create(List.of(new RamRegion(0, RAM, 0)));
            HostClock clock = new HostClock();
            timers = new TimerQueue(clock, "smp-test-timers");
            PortBus ports = new PortBus();
            ports.register(DONE, 1, AccessWidths.BYTE, new PortDevice() {
                @Override
                public int readPort(int offset, int width) {
                    return 0;
                }

                @Override
                public void writePort(int offset, int width, int value) {
                    running.get().kick();
                }
            });
            partition = new EmulatorEngine()
                    .create(new PartitionConfig(
                            memory, ports, new MmioBus(), clock, timers, CpuProfile.V2, cpus, NoPower.SINK));
        } catch (EngineException | IOException e) {
            throw new IllegalStateException(e);
        }
        for (int i = 0; i < cpus; i++) {
            executors.add(Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("smp-test-cpu-" + i).daemon().factory()));
        }
        tables();
    }

    private void tables() {
        memory.writeLong(GDT + 8, 0x00af_9b00_0000_ffffL);
        memory.writeLong(GDT + 16, 0x00cf_9300_0000_ffffL);
        memory.writeLong(TABLES, TABLES + 0x1000 | 7);
        memory.writeLong(TABLES + 0x1000, TABLES + 0x2000 | 7);
        // The local APIC's gigabyte.
        memory.writeLong(TABLES + 0x1000 + 3 * 8, 0xc000_0087L);
        for (int i = 0; i < RAM >> 21; i++) {
            memory.writeLong(TABLES + 0x2000 + 8L * i, TABLES + 0x3000 + 0x1000L * i | 7);
        }
        for (long page = 0; page < RAM >> 12; page++) {
            map(page << 12, page << 12, 7);
        }
    }

    /** Where the page-table entry of an address is. */
    static long entryOf(long linear) {
        return TABLES + 0x3000 + 8 * (linear >>> 12);
    }

    void map(long linear, long physical, int flags) {
        memory.writeLong(entryOf(linear), physical | flags);
    }

    /** Has blocks fused that soon, so that short tests run fused code too. */
    SmpMachine fuseAfter(int runs) {
        try {
            // A knob for tests, which a CPU behind the machine's contract does not show.
            Method knob = CpuLoop.class.getDeclaredMethod("fuseAfter", int.class);
            knob.setAccessible(true);
            for (int i = 0; i < partition.cpuCount(); i++) {
                knob.invoke(cpu(i), runs);
            }
            return this;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    VirtualCpu cpu(int index) {
        return partition.cpu(index);
    }

    /** Places code; {@code END} in it is how a CPU comes out of its run. */
    Program load(long address, Map<String, Long> constants, String source) {
        Program program = new Assembler(CodeSize.BITS64, constants).assemble(
                address, source.replace("END\n", "OUT 0x%x,AL\nended:\nJMP ended\n".formatted(DONE)));
        memory.write(address, program.code());
        return program;
    }

    /** An interrupt gate. */
    void gate(int vector, long handler) {
        memory.writeLong(
                IDT + 16L * vector,
                handler & 0xffff | (long) CODE_SELECTOR << 16 | 0x8e00L << 32 | (handler >>> 16 & 0xffff) << 48);
        memory.writeLong(IDT + 16L * vector + 8, handler >>> 32);
    }

    /** Puts a CPU into long mode at CPL 0 with these registers (in encoding order), interrupts off. */
    void enter(int index, long rip, long... registers) {
        VirtualCpu cpu = cpu(index);
        cpu.reset();
        CpuElement.Control control = (CpuElement.Control) cpu.read(CpuElement.Kind.CONTROL);
        // PE, ET, NE, WP, PG; PAE, OSFXSR; SCE, LME, LMA.
        cpu.write(new CpuElement.Control(0x80010031L, 0, TABLES, 0x220, control.cr8(), 0x501, control.xcr0()));
        CpuElement.Segment code = new CpuElement.Segment(CODE_SELECTOR, 0, 0xffff_ffffL, 0xa09b);
        CpuElement.Segment data = new CpuElement.Segment(DATA_SELECTOR, 0, 0xffff_ffffL, 0xc093);
        CpuElement.Segments old = (CpuElement.Segments) cpu.read(CpuElement.Kind.SEGMENTS);
        cpu.write(new CpuElement.Segments(
                data, code, data, data, data, data, old.ldtr(), old.tr(),
                new CpuElement.Table(GDT, 0xff), new CpuElement.Table(IDT, 0xfff)));
        long[] all = Arrays.copyOf(registers, 16);
        all[4] = STACKS + 0x1000L * (index + 1);
        resume(index, rip, all);
        cpu.write(new CpuElement.RunState(CpuElement.Activity.RUNNING));
    }

    /** Sets general registers and RIP, interrupts off. */
    void resume(int index, long rip, long... registers) {
        List<Long> values = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            values.add(i < registers.length ? registers[i] : 0L);
        }
        cpu(index).write(new CpuElement.General(values, rip, 2));
    }

    long register(int index, int number) {
        return ((CpuElement.General) cpu(index).read(CpuElement.Kind.GENERAL)).registers().get(number);
    }

    /** Starts a CPU on its thread. */
    Future<CpuExit> start(int index) {
        return executors.get(index).submit(() -> {
            running.set(cpu(index));
            return cpu(index).run();
        });
    }

    /** Runs CPUs 0 to count-1 until each has come out, which has to be by writing to the port. */
    void runAll(int count, long seconds) {
        runAll(count, seconds, 0, 0);
    }

    /** As that, with a number that guests may watch set to 1 some time after the start. */
    void runAll(int count, long seconds, long flag, long millis) {
        List<Future<CpuExit>> runs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            runs.add(start(i));
        }
        if (millis != 0) {
            try {
                runs.getFirst().get(millis, TimeUnit.MILLISECONDS);
            } catch (TimeoutException enough) {
                memory.writeLong(flag, 1);
            } catch (InterruptedException | ExecutionException e) {
                throw new AssertionError(e);
            }
        }
        for (int i = 0; i < count; i++) {
            finished(runs.get(i), seconds);
        }
    }

    /** Waits until a CPU has come out by writing to the port. */
    void finished(Future<CpuExit> run, long seconds) {
        try {
            CpuExit exit = run.get(seconds, TimeUnit.SECONDS);
            if (!(exit instanceof CpuExit.Kicked)) {
                throw new AssertionError("a guest ended with " + exit);
            }
        } catch (TimeoutException e) {
            throw new AssertionError("a guest has not ended after " + seconds + " s:\n" + partition.statistics(), e);
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws Exception {
        for (int i = 0; i < executors.size(); i++) {
            cpu(i).kick();
            executors.get(i).shutdown();
        }
        for (ExecutorService executor : executors) {
            if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
                throw new AssertionError("a virtual CPU does not obey a kick");
            }
        }
        partition.close();
        timers.close();
        memory.close();
    }
}
