package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Machine;
import dev.quoll.machine.MachineConfig;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.VirtualCpu;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** A machine of a few pages with code of a test's own and no device but a port that collects bytes. */
final class BareGuest implements AutoCloseable {
    static final int CODE = 0x8000;
    static final int STACK = 0x7000;
    static final int IDT = 0x3000;
    static final long MEMORY = 0x20_0000;
    static final int OUT = 0xe9;
    private static final int PML4 = 0x1_0000;

    final Machine machine;
    final ConcurrentLinkedQueue<Integer> output = new ConcurrentLinkedQueue<>();

    private final boolean wide;
    private final String code;

    private BareGuest(int cpus, boolean wide, String code, Engine engine) throws IOException, EngineException {
        this.wide = wide;
        this.code = code;
        machine = Machine.create(
                new MachineConfig(List.of(new RamRegion(0, MEMORY, 0)), CpuProfile.V2, cpus, false), engine);
        machine.ports().register(OUT, 1, AccessWidths.BYTE, new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                return 0x5a;
            }

            @Override
            public void writePort(int offset, int width, int value) {
                output.add(value);
            }
        });
        machine.setLoader(_ -> load());
    }

    /** Done by the machine's start; for tests that run the CPU themselves. */
    void load() {
        put(CODE, code);
        if (wide) {
            longMode(machine.partition().cpu(0));
        } else {
            realMode(machine.partition().cpu(0));
        }
    }

    /** CPU 0 starts in real mode at {@link #CODE}; {@code code} is hexadecimal. */
    static BareGuest real(String code) throws IOException, EngineException {
        return new BareGuest(1, false, code, new KvmEngine());
    }

    /** CPU 0 starts in 64-bit mode at {@link #CODE}, memory mapped one to one up to 4 GiB; {@code code} is hexadecimal. */
    static BareGuest wide(int cpus, String code) throws IOException, EngineException {
        return new BareGuest(cpus, true, code, new KvmEngine());
    }

    /** As {@link #wide(int, String)}, on an engine that does what it is told, whatever the probe says. */
    static BareGuest wide(int cpus, String code, String option, String value) throws IOException, EngineException {
        KvmOptions options =
                new KvmOptions(true, KvmOptions.Irqchip.SPLIT, KvmOptions.WriteLog.BITMAP).with(option, value);
        return new BareGuest(cpus, true, code, new Unprobed(options));
    }

    private record Unprobed(KvmOptions options) implements Engine {
        @Override
        public String name() {
            return "kvm";
        }

        @Override
        public Probe probe() {
            return new KvmEngine().probe();
        }

        @Override
        public Partition create(PartitionConfig config) throws EngineException {
            return KvmPartition.create(config, options);
        }
    }

    /** Waits until the guest has written so many bytes. */
    void awaitOutputs(int count) throws InterruptedException {
        for (int tries = 0; output.size() < count && tries < 2000; tries++) {
            Thread.sleep(5);
        }
        assertThat(output).hasSizeGreaterThanOrEqualTo(count);
    }

    void put(long address, String code) {
        machine.memory().write(address, HexFormat.of().parseHex(code.replaceAll("\\s", "")));
    }

    /** Starts and waits for the end. */
    Outcome run() throws IOException, InterruptedException {
        machine.start();
        return machine.await(30, TimeUnit.SECONDS).orElseThrow(() -> new AssertionError("the guest did not end; " + state()));
    }

    String state() {
        machine.pause();
        return machine.partition().cpu(0).read(CpuElement.Kind.GENERAL) + "\n" + machine.statistics();
    }

    private void realMode(VirtualCpu cpu) {
        Segment data = new Segment(0, 0, 0xffff, 0x93);
        CpuElement.Segments reset = (CpuElement.Segments) cpu.read(CpuElement.Kind.SEGMENTS);
        cpu.write(new CpuElement.Segments(
                data, new Segment(0, 0, 0xffff, 0x9b), data, data, data, data, reset.ldtr(), reset.tr(), reset.gdtr(),
                reset.idtr()));
        cpu.write(new CpuElement.General(registers(), CODE, 2));
    }

    private void longMode(VirtualCpu cpu) {
        machine.memory().writeLong(PML4, PML4 + 0x1000 | 3);
        for (int gigabyte = 0; gigabyte < 4; gigabyte++) {
            machine.memory().writeLong(PML4 + 0x1000 + 8 * gigabyte, PML4 + 0x2000 + 0x1000 * gigabyte | 3);
            for (int page = 0; page < 512; page++) {
                long address = (long) gigabyte << 30 | (long) page << 21;
                machine.memory().writeLong(PML4 + 0x2000 + 0x1000 * gigabyte + 8 * page, address | 0x83);
            }
        }
        // GDT at 0x2000: null, 64-bit code, data.
        machine.memory().writeLong(0x2008, 0x00af_9b00_0000_ffffL);
        machine.memory().writeLong(0x2010, 0x00cf_9300_0000_ffffL);
        Segment data = new Segment(0x10, 0, 0xffff_ffffL, 0xc093);
        cpu.write(new CpuElement.Control(0x8000_0011L, 0, PML4, 0x20, 0, 0x500, 1));
        cpu.write(new CpuElement.Segments(
                data, new Segment(8, 0, 0xffff_ffffL, 0xa09b), data, data, data, data, new Segment(0, 0, 0xffff, 0x82),
                new Segment(0, 0, 0xffff, 0x8b), new Table(0x2000, 0x17), new Table(IDT, 0xfff)));
        cpu.write(new CpuElement.General(registers(), CODE, 2));
    }

    /** An interrupt gate of 64-bit mode. */
    void gate(int vector, long handler) {
        machine.memory().writeLong(IDT + 16 * vector, handler & 0xffff | 8 << 16 | 0x8e00L << 32 | (handler >>> 16 & 0xffff) << 48);
        machine.memory().writeLong(IDT + 16 * vector + 8, handler >>> 32);
    }

    private static List<Long> registers() {
        List<Long> registers = new ArrayList<>(Collections.nCopies(16, 0L));
        registers.set(4, (long) STACK);
        return registers;
    }

    @Override
    public void close() {
        machine.close();
    }
}
