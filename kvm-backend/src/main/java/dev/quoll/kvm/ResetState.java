package dev.quoll.kvm;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.MsrTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a processor holds after RESET# (SDM vol. 3, table 10-1; APM vol. 2, table 14-1), as elements. */
final class ResetState {
    private static final long CR0 = 0x6000_0010L;
    private static final int DATA = 0x93;
    private static final int CODE = 0x9b;
    private static final int LDT = 0x82;
    private static final int BUSY_TSS = 0x8b;
    private static final int LIMIT = 0xffff;

    private static final int XSAVE_BYTES = 576;
    private static final int XSAVE_FCW = 0;
    private static final int XSAVE_FTW = 4;
    private static final int XSAVE_MXCSR = 24;
    private static final int XSAVE_XSTATE_BV = 512;

    private static final int APIC_PAGE = 0x400;
    private static final int APIC_ID = 0x20;
    private static final int APIC_VERSION = 0x30;
    private static final int APIC_DFR = 0xe0;
    private static final int APIC_SVR = 0xf0;
    private static final int APIC_LVT_FIRST = 0x320;
    private static final int APIC_LVT_LAST = 0x370;
    private static final int MASKED = 1 << 16;
    /** Integrated, six entries of the local vector table, as KVM's own has it without machine checks. */
    private static final int VERSION = 0x14 | 5 << 16;

    private ResetState() {}

    /** Everything but MSRs, the local APIC and time. */
    static List<CpuElement> core() {
        List<Long> general = new ArrayList<>(Collections.nCopies(16, 0L));
        general.set(2, (long) Cpuid.SIGNATURE);
        Segment data = new Segment(0, 0, LIMIT, DATA);
        Table table = new Table(0, LIMIT);
        return List.of(
                new CpuElement.General(general, 0xfff0, 2),
                new CpuElement.Control(CR0, 0, 0, 0, 0, 0, 1),
                new CpuElement.Segments(
                        data,
                        new Segment(0xf000, 0xffff_0000L, LIMIT, CODE),
                        data,
                        data,
                        data,
                        data,
                        new Segment(0, 0, LIMIT, LDT),
                        new Segment(0, 0, LIMIT, BUSY_TSS),
                        table,
                        table),
                new CpuElement.Xsave(vectors()),
                new CpuElement.Debug(0, 0, 0, 0, 0xffff_0ff0L, 0x400),
                new CpuElement.Events(false, false, false, false));
    }

    /** Unlike FNINIT, RESET# tags all x87 registers as zero, not as empty. */
    private static byte[] vectors() {
        ByteBuffer area = ByteBuffer.allocate(XSAVE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        area.putShort(XSAVE_FCW, (short) 0x40);
        area.put(XSAVE_FTW, (byte) 0xff);
        area.putInt(XSAVE_MXCSR, 0x1f80);
        area.putLong(XSAVE_XSTATE_BV, 3);
        return area.array();
    }

    /** The local APIC, disabled by software (SDM vol. 3, 12.4.7.1). */
    static CpuElement.LocalApicPage localApic(int index) {
        ByteBuffer page = ByteBuffer.allocate(APIC_PAGE).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(APIC_ID, index << 24);
        page.putInt(APIC_VERSION, VERSION);
        page.putInt(APIC_DFR, -1);
        page.putInt(APIC_SVR, 0xff);
        for (int entry = APIC_LVT_FIRST; entry <= APIC_LVT_LAST; entry += 0x10) {
            page.putInt(entry, MASKED);
        }
        long bootstrap = index == 0 ? 0 : 1 << 8;
        return new CpuElement.LocalApicPage(page.array(), MsrTable.APIC_BASE_RESET & ~bootstrap);
    }
}
