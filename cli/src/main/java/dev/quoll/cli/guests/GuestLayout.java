package dev.quoll.cli.guests;

import dev.quoll.machine.Assembler;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import dev.quoll.machine.Disassembler.CodeBits;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.VirtualCpu;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Where things are in the memory of our own guests, and the state their CPUs start in. */
public final class GuestLayout {
    /** Bytes of RAM, from address 0. */
    static final long RAM = 8L << 20;

    static final long CODE = 0x8000;
    /** Free for the guest: all zero at the start. */
    static final long DATA = 0x20_0000;
    static final long STACKS = 0x10_0000;
    static final int STACK_SIZE = 0x1000;
    private static final long GDT = 0x500;
    private static final long TSS = 0x600;
    private static final long IDT = 0x7000;
    private static final long TABLES = 0x1000;
    private static final int GIGABYTES = 4;

    /** Ports and device registers, see {@link GuestDevices}. */
    static final int OUTPUT_PORT = 0xe9;
    static final int SCRATCH_PORT = 0xe0;
    static final int MSI_PORT = 0xd0;
    static final int EXIT_PORT = 0xf4;
    static final long REGISTERS = 0xd000_0000L;

    private static final int CODE_SELECTOR = 0x08;
    private static final int DATA_SELECTOR = 0x10;
    private static final int TASK_SELECTOR = 0x18;
    private static final long CODE64 = 0x00af_9b00_0000_ffffL;
    private static final long DATA32 = 0x00cf_9300_0000_ffffL;
    private static final int TASK_LIMIT = 0x67;
    private static final long GATE = 0x8e00L << 32;

    private static final long CR0_PE_ET_NE_WP_PG = 0x8001_0031L;
    private static final long CR4_PAE_OSFXSR_OSXMMEXCPT = 0x620;
    private static final long EFER_SCE_LME_LMA = 0x501;
    private static final long FOUR_GIB = 0xffff_ffffL;
    private static final long RFLAGS = 2;
    private static final int VECTORS = 256;

    /** What names stand for in a guest's source. */
    static final Map<String, Long> NAMES = Map.ofEntries(
            Map.entry("DATA", DATA),
            Map.entry("TABLES", TABLES),
            Map.entry("GDT", GDT),
            Map.entry("OUTPUT", (long) OUTPUT_PORT),
            Map.entry("SCRATCH", (long) SCRATCH_PORT),
            Map.entry("MSI", (long) MSI_PORT),
            Map.entry("EXIT", (long) EXIT_PORT),
            Map.entry("REGISTERS", REGISTERS),
            Map.entry("CODE_SELECTOR", (long) CODE_SELECTOR),
            Map.entry("DATA_SELECTOR", (long) DATA_SELECTOR),
            Map.entry("TASK_SELECTOR", (long) TASK_SELECTOR),
            Map.entry("APIC", 0xfee0_0000L));

    private GuestLayout() {}

    /** Writes code, tables and the CPUs' entry states. */
    static void load(OwnGuest guest, GuestMemory memory, List<VirtualCpu> cpus) {
        Assembler.Program program = guest.program();
        memory.clear(0, RAM);
        memory.write(CODE, program.code());
        if (guest.bits() == CodeBits.BITS_64) {
            tables(memory, program);
        }
        for (VirtualCpu cpu : cpus) {
            Long entry = program.labels().get("cpu" + cpu.index());
            if (entry != null) {
                enter(guest.bits(), cpu, entry);
            }
        }
    }

    private static void tables(GuestMemory memory, Assembler.Program program) {
        long pointers = TABLES + 0x1000;
        memory.writeLong(TABLES, pointers | 3);
        for (int gigabyte = 0; gigabyte < GIGABYTES; gigabyte++) {
            long directory = TABLES + 0x2000 + 0x1000L * gigabyte;
            memory.writeLong(pointers + 8 * gigabyte, directory | 3);
            for (int page = 0; page < 512; page++) {
                memory.writeLong(directory + 8 * page, (long) gigabyte << 30 | (long) page << 21 | 0x83);
            }
        }
        memory.writeLong(GDT + CODE_SELECTOR, CODE64);
        memory.writeLong(GDT + DATA_SELECTOR, DATA32);
        memory.writeLong(GDT + TASK_SELECTOR, TASK_LIMIT | TSS << 16 | 0x8bL << 40);
        program.labels().forEach((label, handler) -> {
            if (label.startsWith("vector_")) {
                long gate = IDT + 16L * Integer.parseInt(label.substring("vector_".length()), 16);
                memory.writeLong(gate, handler & 0xffff | (long) CODE_SELECTOR << 16 | GATE | handler >>> 16 << 48);
                memory.writeLong(gate + 8, handler >>> 32);
            }
        });
    }

    private static void enter(CodeBits bits, VirtualCpu cpu, long entry) {
        if (bits == CodeBits.BITS_64) {
            CpuElement.Control reset = (CpuElement.Control) cpu.read(CpuElement.Kind.CONTROL);
            cpu.write(new CpuElement.Control(
                    CR0_PE_ET_NE_WP_PG, 0, TABLES, CR4_PAE_OSFXSR_OSXMMEXCPT, 0, EFER_SCE_LME_LMA, reset.xcr0()));
            Segment data = new Segment(DATA_SELECTOR, 0, FOUR_GIB, 0xc093);
            cpu.write(new CpuElement.Segments(
                    data,
                    new Segment(CODE_SELECTOR, 0, FOUR_GIB, 0xa09b),
                    data,
                    data,
                    data,
                    data,
                    new Segment(0, 0, 0xffff, 0x82),
                    new Segment(TASK_SELECTOR, TSS, TASK_LIMIT, 0x8b),
                    new Table(GDT, 0x27),
                    new Table(IDT, 16 * VECTORS - 1)));
        } else {
            CpuElement.Segments reset = (CpuElement.Segments) cpu.read(CpuElement.Kind.SEGMENTS);
            Segment data = new Segment(0, 0, 0xffff, 0x93);
            cpu.write(new CpuElement.Segments(
                    data,
                    new Segment(0, 0, 0xffff, 0x9b),
                    data,
                    data,
                    data,
                    data,
                    reset.ldtr(),
                    reset.tr(),
                    reset.gdtr(),
                    new Table(0, 0x3ff)));
        }
        List<Long> registers = new ArrayList<>(Collections.nCopies(16, 0L));
        registers.set(4, bits == CodeBits.BITS_64 ? STACKS + (long) STACK_SIZE * (cpu.index() + 1) : CODE);
        cpu.write(new CpuElement.General(registers, entry, RFLAGS));
        cpu.write(new CpuElement.RunState(CpuElement.Activity.RUNNING));
    }
}
