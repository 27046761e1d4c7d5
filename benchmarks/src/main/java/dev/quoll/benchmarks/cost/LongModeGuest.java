package dev.quoll.benchmarks.cost;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.HostClock;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.TimerQueue;
import dev.quoll.machine.VirtualCpu;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** One CPU in 64-bit mode at privilege level 0, memory mapped one to one, and a loop to run again and again. */
final class LongModeGuest implements AutoCloseable {
    static final int SERIAL_STATUS = 0x3fd;
    static final long REGISTER = 0xd000_0000L;

    private static final long MEMORY = 64L << 20;
    private static final long PML4 = 0x1000;
    private static final long PDPT = 0x2000;
    private static final long DIRECTORIES = 0x3000;
    private static final int GIGABYTES = 4;
    private static final int ENTRIES = 512;
    private static final long CODE = 0x10_0000;
    private static final long STACK = 0x20_0000;
    private static final long DATA = 0x100_0000;
    /** Not a power of two apart from {@link #DATA}: the two must not fight for one place in a translation cache. */
    private static final long OTHER_DATA = 0x300_5000;
    private static final long PRESENT_WRITABLE = 3;
    private static final long PAGE_2M = 1 << 7;

    private static final long CR0_PE_ET_PG = 1L << 31 | 1 << 4 | 1;
    private static final long CR4_PAE_OSFXSR = 1 << 5 | 1 << 9;
    private static final long EFER_LME_LMA = 1 << 8 | 1 << 10;
    private static final long RFLAGS_FIXED = 2;
    private static final long FOUR_GIB = 0xffff_ffffL;
    private static final Segment CODE64 = new Segment(0x10, 0, FOUR_GIB, 0xa09b);
    private static final Segment FLAT_DATA = new Segment(0x18, 0, FOUR_GIB, 0xc093);
    private static final Segment LDT = new Segment(0, 0, 0xffff, 0x82);
    private static final Segment BUSY_TSS = new Segment(0x08, 0, 0x67, 0x8b);

    /** Nothing here asks for power. */
    private static final PowerSink NO_POWER = new PowerSink() {
        @Override
        public void reset(String cause) {
            throw new IllegalStateException("the guest asked for a reset: " + cause);
        }

        @Override
        public void powerOff(String cause) {
            throw new IllegalStateException("the guest asked for power-off: " + cause);
        }

        @Override
        public void panicked(String report) {
            throw new IllegalStateException(report);
        }

        @Override
        public void exit(int status) {
            throw new IllegalStateException("the guest asked to exit with " + status);
        }
    };

    /** A register that counts how often it was read. */
    private static final class Counter implements PortDevice, MmioDevice {
        long reads;

        @Override
        public int readPort(int offset, int width) {
            reads++;
            return (int) reads;
        }

        @Override
        public void writePort(int offset, int width, int value) {
            reads = value;
        }

        @Override
        public long readMmio(long offset, int width) {
            return readPort((int) offset, width);
        }

        @Override
        public void writeMmio(long offset, int width, long value) {
            reads = value;
        }
    }

    private final GuestMemory memory;
    private final TimerQueue timers;
    private final Partition partition;
    private final VirtualCpu cpu;
    private final CpuElement.General entry;
    private final Counter counter = new Counter();

    /** @param iterations how often the loop goes round in one {@link #run} */
    LongModeGuest(Engine engine, GuestLoop loop, int iterations) throws IOException, EngineException {
        this(engine, loop.code(), iterations);
    }

    /** @param code ends in HLT; @param count what RCX holds at its beginning */
    LongModeGuest(Engine engine, byte[] code, int count) throws IOException, EngineException {
        memory = GuestMemory.create(List.of(new RamRegion(0, MEMORY, 0)));
        memory.writeLong(PML4, PDPT | PRESENT_WRITABLE);
        for (int i = 0; i < GIGABYTES; i++) {
            memory.writeLong(PDPT + 8L * i, DIRECTORIES + 0x1000L * i | PRESENT_WRITABLE);
        }
        for (int i = 0; i < GIGABYTES * ENTRIES; i++) {
            memory.writeLong(DIRECTORIES + 8L * i, (long) i << 21 | PAGE_2M | PRESENT_WRITABLE);
        }
        memory.write(CODE, code);

        PortBus ports = new PortBus();
        ports.register(SERIAL_STATUS, 1, AccessWidths.BYTE, counter);
        MmioBus mmio = new MmioBus();
        mmio.register(REGISTER, 0x1000, AccessWidths.BYTE_TO_QWORD, counter);
        HostClock clock = new HostClock();
        timers = new TimerQueue(clock, "bench-timers");
        partition = engine.create(new PartitionConfig(memory, ports, mmio, clock, timers, CpuProfile.V2, 1, NO_POWER));
        cpu = partition.cpu(0);
        cpu.write(new CpuElement.Control(CR0_PE_ET_PG, 0, PML4, CR4_PAE_OSFXSR, 0, EFER_LME_LMA, 1));
        Table none = new Table(0, 0);
        cpu.write(new CpuElement.Segments(
                FLAT_DATA, CODE64, FLAT_DATA, FLAT_DATA, FLAT_DATA, FLAT_DATA, LDT, BUSY_TSS, none, none));
        Long[] registers = new Long[16];
        Arrays.fill(registers, 0L);
        registers[1] = (long) count;
        registers[4] = STACK;
        registers[5] = DATA;
        registers[6] = DATA;
        registers[8] = OTHER_DATA;
        registers[9] = REGISTER;
        entry = new CpuElement.General(List.of(registers), CODE, RFLAGS_FIXED);
    }

    /** Runs the loop once, from its beginning. */
    long run() {
        cpu.write(entry);
        cpu.write(new CpuElement.RunState(CpuElement.Activity.RUNNING));
        return switch (cpu.run()) {
            case CpuExit.HaltedForever(long rip) -> rip;
            case CpuExit other -> throw new IllegalStateException("the loop did not come to its HLT: " + other);
        };
    }

    /** As a device would, writes the code anew: what the engine has made of it is worth nothing any more. */
    void writeCode(byte[] code) {
        memory.write(CODE, code);
    }

    /** The general registers after a run. */
    CpuElement.General registers() {
        return (CpuElement.General) cpu.read(CpuElement.Kind.GENERAL);
    }

    /** How often the port or the register was read so far. */
    long deviceReads() {
        return counter.reads;
    }

    @Override
    public void close() {
        partition.close();
        timers.close();
        memory.close();
    }
}
