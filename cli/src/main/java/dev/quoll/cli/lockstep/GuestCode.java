package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuState;
import dev.quoll.machine.Disassembler;
import dev.quoll.machine.Disassembler.CodeBits;
import dev.quoll.machine.GuestMemory;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.ServiceLoader;

/** The instruction that a stopped CPU is at, found through its own page tables, without touching them. */
final class GuestCode {
    private static final int LONGEST = 15;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final long CR0_PG = 1L << 31;
    private static final long EFER_LMA = 1 << 10;
    private static final int CODE_LONG = 1 << 13;
    private static final int CODE_BIG = 1 << 14;
    private static final long NOT_MAPPED = -1;

    /** One instruction. @param place as {@code CS:RIP} */
    record Found(String place, byte[] bytes, Disassembler.Line line) {
        /** Whether it may stop between two iterations. */
        boolean repeated() {
            return line.text().startsWith("rep");
        }

        boolean halts() {
            return line.text().equals("hlt");
        }

        /** Whether it asks a clock, the host's entropy or for the engine's own name. */
        boolean unpredictable() {
            return line.text().matches("(rdtscp?|rdrand|rdseed|cpuid)\\b.*");
        }

        @Override
        public String toString() {
            return "%s  %-30s %s".formatted(place, HexFormat.ofDelimiter(" ").formatHex(bytes), line.text());
        }
    }

    private final GuestMemory memory;
    private final Disassembler disassembler = ServiceLoader.load(Disassembler.class)
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no disassembler is installed"));

    GuestCode(GuestMemory memory) {
        this.memory = memory;
    }

    /** The instruction at a state's RIP; nothing but {@code (bad)} where it cannot be read. */
    Found at(CpuState state) {
        CpuElement.General general = (CpuElement.General) state.get(CpuElement.Kind.GENERAL);
        CpuElement.Control control = (CpuElement.Control) state.get(CpuElement.Kind.CONTROL);
        CpuElement.Segment code = ((CpuElement.Segments) state.get(CpuElement.Kind.SEGMENTS)).cs();
        boolean wide = wide(control, code);
        long linear = linear(state);
        byte[] bytes = new byte[LONGEST];
        int count = 0;
        while (count < LONGEST) {
            long physical = physical(control, linear + count);
            if (physical == NOT_MAPPED || !memory.isRam(physical, 1)) {
                break;
            }
            bytes[count++] = memory.readByte(physical);
        }
        CodeBits bits = wide ? CodeBits.BITS_64 : (code.access() & CODE_BIG) != 0 ? CodeBits.BITS_32 : CodeBits.BITS_16;
        Disassembler.Line line = count == 0
                ? new Disassembler.Line(0, "(not in RAM)", 0)
                : disassembler.disassemble(Arrays.copyOf(bytes, count), 0, general.rip(), bits);
        return new Found(
                "%04x:%016x".formatted(code.selector(), general.rip()), Arrays.copyOf(bytes, line.length()), line);
    }

    /** The linear address of a state's RIP. */
    static long linear(CpuState state) {
        CpuElement.Segment code = ((CpuElement.Segments) state.get(CpuElement.Kind.SEGMENTS)).cs();
        long rip = ((CpuElement.General) state.get(CpuElement.Kind.GENERAL)).rip();
        return wide((CpuElement.Control) state.get(CpuElement.Kind.CONTROL), code) ? rip : code.base() + rip & 0xffff_ffffL;
    }

    private static boolean wide(CpuElement.Control control, CpuElement.Segment code) {
        return (control.efer() & EFER_LMA) != 0 && (code.access() & CODE_LONG) != 0;
    }

    /** Four-level paging, or none; other forms are not looked through (SDM vol. 3, 4.5). */
    private long physical(CpuElement.Control control, long linear) {
        if ((control.cr0() & CR0_PG) == 0) {
            return linear;
        }
        if ((control.efer() & EFER_LMA) == 0) {
            return NOT_MAPPED;
        }
        long table = control.cr3() & ADDRESS;
        for (int shift = 39; shift >= 12; shift -= 9) {
            long place = table + (linear >>> shift & 0x1ff) * 8;
            if (!memory.isRam(place, 8)) {
                return NOT_MAPPED;
            }
            long entry = memory.readLong(place);
            if ((entry & 1) == 0) {
                return NOT_MAPPED;
            }
            boolean large = shift < 39 && (entry & 0x80) != 0;
            if (large || shift == 12) {
                long within = (1L << shift) - 1;
                return entry & ADDRESS & ~within | linear & within;
            }
            table = entry & ADDRESS;
        }
        return NOT_MAPPED;
    }
}
