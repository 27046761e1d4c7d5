package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Kind;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuState;
import dev.quoll.machine.MsrTable;
import dev.quoll.machine.XsaveComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A CPU's state as named values, those that two processors of the same model have in common. Left out is what the
 * architecture leaves open: time, and what the local APIC derives from it; the hidden parts of segment registers that hold a
 * null selector; which of a descriptor's accessed bits the hidden part shows; the x87 instruction and data pointers.
 */
final class StateComparison {
    private static final String[] REGISTERS = {
        "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"
    };
    private static final int ACCESSED = 1;
    private static final long RF = 1 << 16;
    private static final Set<Integer> OF_TIME = Set.of(MsrTable.TSC, MsrTable.TSC_ADJUST, MsrTable.TSC_DEADLINE);
    private static final Map<String, Integer> APIC_REGISTERS = Map.of(
            "APIC.TPR", 0x80,
            "APIC.SVR", 0xf0,
            "APIC.LVT_TIMER", 0x320,
            "APIC.LVT_LINT0", 0x350,
            "APIC.LVT_LINT1", 0x360,
            "APIC.LVT_ERROR", 0x370);
    private static final int APIC_ISR = 0x100;
    private static final int APIC_IRR = 0x200;
    private static final int MXCSR = 24;
    private static final int X87_REGISTERS = 32;
    private static final int XMM_REGISTERS = 160;
    private static final int XSTATE_BV = 512;
    private static final long X87_INITIAL = 0x37f;

    private StateComparison() {}

    /** The names of what differs, each with both values; empty for equal states. */
    static Map<String, String[]> differences(CpuState left, CpuState right) {
        Map<String, String[]> found = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            CpuElement mine = left.get(kind);
            CpuElement others = right.get(kind);
            if (!mine.equals(others)) {
                differences(mine, others, found);
            }
        }
        return found;
    }

    private static void differences(CpuElement left, CpuElement right, Map<String, String[]> found) {
        Map<String, String> a = new LinkedHashMap<>();
        Map<String, String> b = new LinkedHashMap<>();
        add(a, left);
        add(b, right);
        a.forEach((name, value) -> {
            String other = b.get(name);
            // A register that only one engine keeps is none of the architecture.
            if (other != null && !other.equals(value)) {
                found.put(name, new String[] {value, other});
            }
        });
    }

    /** Every value that is compared, in the order of the elements. */
    static Map<String, String> values(CpuState state) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            add(values, state.get(kind));
        }
        return values;
    }

    private static void add(Map<String, String> values, CpuElement element) {
        switch (element) {
            case CpuElement.General general -> {
                for (int i = 0; i < REGISTERS.length; i++) {
                    values.put(REGISTERS[i], wide(general.registers().get(i)));
                }
                values.put("RIP", wide(general.rip()));
                // Who executes instructions one by one sets RF on his way.
                values.put("RFLAGS", short32(general.rflags() & ~RF));
            }
            case CpuElement.Control control -> {
                values.put("CR0", short32(control.cr0()));
                values.put("CR2", wide(control.cr2()));
                values.put("CR3", wide(control.cr3()));
                values.put("CR4", short32(control.cr4()));
                values.put("CR8", short32(control.cr8()));
                values.put("EFER", short32(control.efer()));
                values.put("XCR0", short32(control.xcr0()));
            }
            case CpuElement.Segments segments -> {
                segment(values, "ES", segments.es());
                segment(values, "CS", segments.cs());
                segment(values, "SS", segments.ss());
                segment(values, "DS", segments.ds());
                segment(values, "FS", segments.fs());
                segment(values, "GS", segments.gs());
                segment(values, "LDTR", segments.ldtr());
                segment(values, "TR", segments.tr());
                values.put("GDTR", table(segments.gdtr()));
                values.put("IDTR", table(segments.idtr()));
            }
            case CpuElement.Xsave(byte[] area) -> vectors(values, area);
            case CpuElement.Debug debug -> {
                values.put("DR0", wide(debug.dr0()));
                values.put("DR1", wide(debug.dr1()));
                values.put("DR2", wide(debug.dr2()));
                values.put("DR3", wide(debug.dr3()));
                values.put("DR6", short32(debug.dr6()));
                values.put("DR7", short32(debug.dr7()));
            }
            case CpuElement.Msrs msrs -> {
                Map<Integer, String> sorted = new TreeMap<>();
                msrs.values().forEach(msr -> sorted.put(msr.number(), wide(msr.value())));
                sorted.keySet().removeAll(OF_TIME);
                sorted.forEach((number, value) -> values.put("MSR_%x".formatted(number), value));
            }
            case CpuElement.LocalApicPage(byte[] page, long base) -> localApic(values, page, base);
            case CpuElement.Events events -> {
                values.put("NMI", events.nmiPending() + (events.nmiBlocked() ? " blocked" : ""));
                values.put("SHADOW", (events.stiShadow() ? "STI " : "") + (events.movSsShadow() ? "MOV SS" : ""));
                values.put("EXCEPTION", events.exception().toString());
            }
            case CpuElement.RunState(CpuElement.Activity activity) -> values.put("ACTIVITY", activity.name());
            case CpuElement.Tsc _ -> {
                // Time is each engine's own.
            }
        }
    }

    private static void segment(Map<String, String> values, String name, Segment segment) {
        boolean none = (segment.access() & Segment.UNUSABLE) != 0 || (segment.selector() & ~3) == 0 && !name.endsWith("R");
        boolean base = name.equals("FS") || name.equals("GS");
        values.put(
                name,
                "%04x".formatted(segment.selector())
                        + (none && !base ? "" : " base " + wide(segment.base()))
                        + (none ? "" : " limit %08x access %05x".formatted(segment.limit(), segment.access() & ~ACCESSED)));
    }

    private static void vectors(Map<String, String> values, byte[] bytes) {
        ByteBuffer area = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long present = area.getLong(XSTATE_BV);
        boolean x87 = (present >>> XsaveComponent.X87.number() & 1) != 0;
        boolean sse = (present >>> XsaveComponent.SSE.number() & 1) != 0;
        boolean avx = (present >>> XsaveComponent.AVX.number() & 1) != 0;
        values.put("FCW", short32(x87 ? area.getShort(0) & 0xffff : X87_INITIAL));
        values.put("FSW", short32(x87 ? area.getShort(2) & 0xffff : 0));
        values.put("FTW", short32(x87 ? area.get(4) & 0xff : 0));
        for (int i = 0; i < 8; i++) {
            int at = X87_REGISTERS + 16 * i;
            values.put(
                    "ST(%d)".formatted(i),
                    x87 ? "%04x:%016x".formatted(area.getShort(at + 8), area.getLong(at)) : "0000:" + wide(0));
        }
        values.put("MXCSR", short32(area.getInt(MXCSR)));
        int upper = XsaveComponent.AVX.offset();
        for (int i = 0; i < 16; i++) {
            int at = XMM_REGISTERS + 16 * i;
            values.put("XMM" + i, sse ? wide(area.getLong(at + 8)) + wide(area.getLong(at)) : wide(0) + wide(0));
            int high = upper + 16 * i;
            boolean held = avx && bytes.length >= high + 16;
            values.put("YMM%d.high".formatted(i), held ? wide(area.getLong(high + 8)) + wide(area.getLong(high)) : wide(0) + wide(0));
        }
    }

    private static void localApic(Map<String, String> values, byte[] bytes, long base) {
        ByteBuffer page = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        values.put("APIC_BASE", wide(base));
        new TreeMap<>(APIC_REGISTERS).forEach((name, offset) -> values.put(name, short32(page.getInt(offset))));
        for (int word = 0; word < 8; word++) {
            values.put("APIC.ISR%d".formatted(word), short32(page.getInt(APIC_ISR + 16 * word)));
            values.put("APIC.IRR%d".formatted(word), short32(page.getInt(APIC_IRR + 16 * word)));
        }
    }

    private static String table(CpuElement.Table table) {
        return "%s limit %04x".formatted(wide(table.base()), table.limit());
    }

    private static String wide(long value) {
        return "%016x".formatted(value);
    }

    private static String short32(long value) {
        return "%08x".formatted(value & 0xffff_ffffL);
    }
}
