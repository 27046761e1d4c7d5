package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.EmulatorEngine;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.Machine;
import dev.quoll.machine.MachineConfig;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.VirtualCpu;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A machine of several CPUs without devices. CPUs that are given code start in 64-bit mode at privilege 0, interrupts off,
 * memory and local APIC mapped one to one; the others wait for a start-up IPI. It ends when all CPUs halt.
 */
final class BareGuest implements AutoCloseable {
    static final int R8 = 8;
    static final int R9 = 9;
    static final int R10 = 10;
    static final int R11 = 11;
    static final int RCX = 1;
    static final int RSI = 6;
    static final int RDI = 7;

    /** Where tests may keep data: 1 MiB, all zero. */
    static final long DATA = 0x20_0000;
    /** A page for code, with another one behind it. */
    static final long PAGE = 0x40_0000;

    private static final long RAM = 8 << 20;
    private static final long PML4 = 0x1000;
    private static final long PDPT = 0x2000;
    private static final long DIRECTORIES = 0x3000;
    private static final long IDT = 0x7000;
    private static final long GDT = 0x500;
    private static final long CODE = 0x1_0000;
    private static final long HANDLERS = 0x8_0000;
    private static final long STACKS = 0x10_0000;
    private static final int SELECTOR = 0x10;
    private static final long CODE_DESCRIPTOR = 0x00af_9b00_0000_ffffL;
    private static final long DATA_DESCRIPTOR = 0x00cf_9300_0000_ffffL;
    private static final Segment CODE64 = new Segment(SELECTOR, 0, 0xffff_ffffL, 0xa09b);
    private static final Segment FLAT = new Segment(0x18, 0, 0xffff_ffffL, 0xc093);
    private static final Segment LDT = new Segment(0, 0, 0xffff, 0x82);
    private static final Segment TASK = new Segment(0x08, 0, 0x67, 0x8b);

    private final Machine machine;
    private static final int LIMIT_SECONDS = 120;

    private final Map<Long, byte[]> pieces = new TreeMap<>();
    private final Map<Integer, long[]> entries = new TreeMap<>();

    BareGuest(int cpus) throws Exception {
        machine = Machine.create(
                new MachineConfig(List.of(new RamRegion(0, RAM, 0)), CpuProfile.V2, cpus, true), new EmulatorEngine());
        machine.setLoader(this::load);
    }

    /** Bytes from text: hexadecimal, the rest of a line behind {@code #} left out. */
    static byte[] bytes(String listing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String line : listing.lines().toList()) {
            String hex = line.replaceAll("#.*|\\s", "");
            bytes.writeBytes(HexFormat.of().parseHex(hex));
        }
        return bytes.toByteArray();
    }

    /** Gives a CPU code of its own. */
    BareGuest cpu(int index, String listing) {
        long at = CODE + 0x1000L * index;
        place(at, listing);
        return cpuAt(index, at);
    }

    /** Starts a CPU at code placed elsewhere. */
    BareGuest cpuAt(int index, long address) {
        long[] registers = new long[17];
        registers[4] = STACKS + 0x1000L * (index + 1);
        registers[16] = address;
        entries.put(index, registers);
        return this;
    }

    /** Sets a register of a CPU that has been given code. */
    BareGuest register(int index, int number, long value) {
        entries.get(index)[number] = value;
        return this;
    }

    /** The same for all CPUs that have been given code. */
    BareGuest register(int number, long value) {
        entries.values().forEach(registers -> registers[number] = value);
        return this;
    }

    /** Places code or data, at each start. */
    BareGuest place(long address, String listing) {
        pieces.put(address, bytes(listing));
        return this;
    }

    /** Installs an interrupt handler, for all CPUs. */
    BareGuest handler(int vector, String listing) {
        long at = HANDLERS + 0x100L * vector;
        place(at, listing);
        String gate = HexFormat.of().toHexDigits(Long.reverseBytes(
                at & 0xffff | SELECTOR << 16 | 0x8e00L << 32 | (at >>> 16 & 0xffff) << 48));
        return place(IDT + 16L * vector, gate);
    }

    private void load(Machine target) {
        GuestMemory memory = target.memory();
        memory.clear(0, RAM);
        memory.writeLong(PML4, PDPT | 3);
        for (int i = 0; i < 4; i++) {
            memory.writeLong(PDPT + 8L * i, DIRECTORIES + 0x1000L * i | 3);
        }
        for (int i = 0; i < 4 * 512; i++) {
            memory.writeLong(DIRECTORIES + 8L * i, (long) i << 21 | 0x83);
        }
        memory.writeLong(GDT + SELECTOR, CODE_DESCRIPTOR);
        memory.writeLong(GDT + SELECTOR + 8, DATA_DESCRIPTOR);
        pieces.forEach(memory::write);
        entries.forEach((index, registers) -> {
            VirtualCpu cpu = target.partition().cpu(index);
            cpu.write(new CpuElement.Control(0x8000_0031L, 0, PML4, 0x620, 0, 0x500, 1));
            cpu.write(new CpuElement.Segments(
                    FLAT, CODE64, FLAT, FLAT, FLAT, FLAT, LDT, TASK, new Table(GDT, 0x1f), new Table(IDT, 0xfff)));
            List<Long> general = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                general.add(registers[i]);
            }
            cpu.write(new CpuElement.General(general, registers[16], 2));
            cpu.write(new CpuElement.RunState(CpuElement.Activity.RUNNING));
        });
    }

    Machine machine() {
        return machine;
    }

    /** Runs to the end, which has to be that all CPUs halt. */
    BareGuest run() throws Exception {
        machine.start();
        return finish();
    }

    /** Waits for that end. */
    BareGuest finish() throws Exception {
        Optional<Outcome> end = machine.await(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertThat(end).as(() -> where()).hasValueSatisfying(
                outcome -> assertThat(outcome).isInstanceOf(Outcome.Halted.class));
        return this;
    }

    /** What each CPU is at. */
    private String where() {
        try {
            machine.pause();
        } catch (RuntimeException e) {
            return "cannot be paused: " + e;
        }
        StringBuilder text = new StringBuilder();
        for (int index = 0; index < machine.partition().cpuCount(); index++) {
            VirtualCpu cpu = machine.partition().cpu(index);
            text.append("CPU %d: %s %s%n"
                    .formatted(index, cpu.read(CpuElement.Kind.RUN_STATE), cpu.read(CpuElement.Kind.GENERAL)));
        }
        return text.toString();
    }

    long read64(long address) {
        return machine.memory().readLong(address);
    }

    int read32(long address) {
        return machine.memory().readInt(address);
    }

    int read16(long address) {
        return machine.memory().readShort(address) & 0xffff;
    }

    @Override
    public void close() {
        machine.close();
    }
}
