package dev.quoll.boot;

import dev.quoll.boot.image.BootDescriptors;
import dev.quoll.boot.image.EntryState;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import dev.quoll.machine.MsrTable;
import dev.quoll.machine.VirtualCpu;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Puts CPU 0 at a kernel's first instruction, in the mode that the kernel's boot protocol asks for. */
final class CpuEntry {
    private static final long CR0_PE = 1;
    private static final long CR0_ET = 1 << 4;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME = 1 << 8;
    private static final long EFER_LMA = 1 << 10;
    private static final long XCR0_X87 = 1;
    /** Bit 1 is always set. */
    private static final long RFLAGS = 2;
    /** Read and write data, accessed, present: what a segment register holds after RESET# (SDM vol. 3, table 10-1). */
    private static final int REAL_MODE_DATA = 0x93;
    private static final int LDT = 0x82;
    private static final long DESCRIPTOR_G = 1L << 55;
    private static final int REAL_MODE_LIMIT = 0xffff;

    private static final int APIC_SPURIOUS = 0xf0;
    private static final int APIC_LINT0 = 0x350;
    private static final int APIC_LINT1 = 0x360;
    private static final int APIC_SOFTWARE_ENABLED = 1 << 8;
    private static final int DELIVER_NMI = 4 << 8;
    private static final int DELIVER_EXTINT = 7 << 8;

    /** As firmware leaves it: MTRRs on, everything write-back. Without it Linux does not set up its page attribute table. */
    private static final CpuElement.Msrs MEMORY_TYPES =
            new CpuElement.Msrs(List.of(new CpuElement.Msr(MsrTable.MTRR_DEF_TYPE, 1 << 11 | 6)));

    private CpuEntry() {}

    /** For every CPU: the memory types must be the same on all of them (SDM vol. 3, 12.11.8), and INIT leaves them alone. */
    static void memoryTypes(VirtualCpu cpu) {
        cpu.write(MEMORY_TYPES);
    }

    /** Writes the state to a CPU that has just been reset. */
    static void enter(VirtualCpu cpu, EntryState entry) {
        boolean real = entry.mode() == EntryState.Mode.REAL16;
        long segmentBase = real ? entry.rip() & ~0xffffL : 0;
        cpu.write(control(entry));
        cpu.write(real ? realSegments(segmentBase) : flatSegments(entry));
        Long[] registers = new Long[16];
        Arrays.fill(registers, 0L);
        registers[0] = entry.rax();
        registers[3] = entry.rbx();
        registers[4] = entry.rsp();
        registers[6] = entry.rsi();
        cpu.write(new CpuElement.General(List.of(registers), entry.rip() - segmentBase, RFLAGS));
    }

    /**
     * Wires the 8259's output through the local APIC, as firmware does for kernels that never look at the APIC: virtual
     * wire mode (MultiProcessor Specification 1.4, 3.6.2.2; SDM vol. 3, 12.5.1).
     */
    static void virtualWire(VirtualCpu cpu) {
        CpuElement.LocalApicPage reset = (CpuElement.LocalApicPage) cpu.read(CpuElement.Kind.LOCAL_APIC);
        ByteBuffer page = ByteBuffer.wrap(reset.registers().clone()).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(APIC_SPURIOUS, APIC_SOFTWARE_ENABLED | 0xff);
        page.putInt(APIC_LINT0, DELIVER_EXTINT);
        page.putInt(APIC_LINT1, DELIVER_NMI);
        cpu.write(new CpuElement.LocalApicPage(page.array(), reset.apicBase()));
    }

    private static CpuElement.Control control(EntryState entry) {
        return switch (entry.mode()) {
            case REAL16 -> new CpuElement.Control(CR0_ET, 0, 0, 0, 0, 0, XCR0_X87);
            case PROTECTED32 -> new CpuElement.Control(CR0_ET | CR0_PE, 0, 0, 0, 0, 0, XCR0_X87);
            case LONG64 ->
                new CpuElement.Control(
                        CR0_ET | CR0_PE | CR0_PG, 0, entry.cr3(), CR4_PAE, 0, EFER_LME | EFER_LMA, XCR0_X87);
        };
    }

    private static CpuElement.Segments realSegments(long codeBase) {
        Segment code = new Segment((int) (codeBase >>> 4) & 0xffff, codeBase, REAL_MODE_LIMIT, REAL_MODE_DATA | 0x8);
        Segment data = new Segment(0, 0, REAL_MODE_LIMIT, REAL_MODE_DATA);
        Table tables = new Table(0, REAL_MODE_LIMIT);
        return new CpuElement.Segments(
                data, code, data, data, data, data, localTable(), task(0), tables, tables);
    }

    private static CpuElement.Segments flatSegments(EntryState entry) {
        boolean wide = entry.mode() == EntryState.Mode.LONG64;
        Segment code = segment(EntryState.CODE_SELECTOR, wide ? BootDescriptors.CODE64 : BootDescriptors.CODE32);
        Segment data = segment(EntryState.DATA_SELECTOR, BootDescriptors.DATA);
        return new CpuElement.Segments(
                data,
                code,
                data,
                data,
                data,
                data,
                localTable(),
                task(EntryState.TASK_SELECTOR),
                new Table(entry.gdtBase(), entry.gdtLimit()),
                new Table(0, 0));
    }

    private static Segment localTable() {
        return new Segment(0, 0, REAL_MODE_LIMIT, LDT);
    }

    private static Segment task(int selector) {
        return segment(selector, BootDescriptors.TASK);
    }

    /** What the CPU's hidden part holds once it has loaded a descriptor (SDM vol. 3, 3.4.3 and figure 3-8). */
    static Segment segment(int selector, long descriptor) {
        long base = descriptor >>> 16 & 0xffffff | descriptor >>> 56 << 24;
        long limit = descriptor & 0xffff | descriptor >>> 32 & 0xf0000;
        if ((descriptor & DESCRIPTOR_G) != 0) {
            limit = limit << 12 | 0xfff;
        }
        return new Segment(selector, base, limit, (int) (descriptor >>> 40) & 0xf0ff);
    }
}
