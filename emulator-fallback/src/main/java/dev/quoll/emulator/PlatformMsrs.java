package dev.quoll.emulator;

import dev.quoll.emulator.apic.LocalApic;
import dev.quoll.emulator.clock.KvmClock;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.MsrTable;
import java.util.ArrayList;
import java.util.List;

/**
 * The model-specific registers of one vCPU outside the CPU core: plain storage by {@link MsrTable}, time, the local APIC
 * and the paravirtual clock. Belongs to the vCPU's thread.
 */
final class PlatformMsrs {
    private final MsrTable table;
    private final long[] values;
    private final GuestClock clock;
    private final KvmClock kvmClock;
    private final int index;
    private LocalApic apic;
    /** The guest's TSC less the clock's. */
    private long tscOffset;
    /** IA32_TSC_ADJUST: what software has added to the TSC (SDM vol. 3, 18.17.3). */
    private long tscAdjust;

    PlatformMsrs(Cpuid cpuid, GuestClock clock, KvmClock kvmClock, int index) {
        this.table = new MsrTable(cpuid);
        this.values = table.resetValues();
        this.clock = clock;
        this.kvmClock = kvmClock;
        this.index = index;
    }

    void attach(LocalApic localApic) {
        apic = localApic;
    }

    void reset() {
        System.arraycopy(table.resetValues(), 0, values, 0, values.length);
        adjustTsc(0, 0);
        kvmClock.reset();
    }

    long tsc() {
        return clock.tsc() + tscOffset;
    }

    /** The TSC's place, for snapshots. */
    CpuElement.Tsc tscState() {
        return new CpuElement.Tsc(tsc(), tscAdjust, apic.tscDeadline());
    }

    void setTscState(CpuElement.Tsc state) {
        adjustTsc(state.tsc() - clock.tsc(), state.tscAdjust());
        apic.writeTscDeadline(state.deadline());
    }

    private void adjustTsc(long offset, long adjust) {
        tscOffset = offset;
        tscAdjust = adjust;
        apic.setTscOffset(offset);
        kvmClock.setTscOffset(index, offset);
    }

    boolean read(int number, long[] value) {
        if (x2Apic(number)) {
            long register = apic.readX2Apic(number);
            value[0] = register;
            return register != LocalApic.FAULT;
        }
        int slot = table.slot(number);
        if (slot < 0) {
            return false;
        }
        value[0] = table.row(slot).kind() == MsrTable.Kind.ENGINE ? readSpecial(number, slot) : values[slot];
        return true;
    }

    private long readSpecial(int number, int slot) {
        return switch (number) {
            case MsrTable.TSC -> tsc();
            case MsrTable.TSC_ADJUST -> tscAdjust;
            case MsrTable.APIC_BASE -> apic.apicBase();
            case MsrTable.TSC_DEADLINE -> apic.tscDeadline();
            default -> KvmClock.owns(number) ? kvmClock.read(index, number) : values[slot];
        };
    }

    boolean write(int number, long value) {
        if (x2Apic(number)) {
            return apic.writeX2Apic(number, value);
        }
        int slot = table.slot(number);
        if (slot < 0) {
            return false;
        }
        MsrTable.Kind kind = table.row(slot).kind();
        long current = kind == MsrTable.Kind.ENGINE ? readSpecial(number, slot) : values[slot];
        if (!table.accepts(slot, current, value)) {
            return false;
        }
        switch (kind) {
            case STORAGE -> values[slot] = value;
            case ENGINE -> {
                return writeSpecial(number, slot, value);
            }
            case CONSTANT, IGNORES_WRITES -> {}
        }
        return true;
    }

    private boolean writeSpecial(int number, int slot, long value) {
        switch (number) {
            case MsrTable.TSC -> {
                long delta = value - tsc();
                adjustTsc(tscOffset + delta, tscAdjust + delta);
            }
            case MsrTable.TSC_ADJUST -> adjustTsc(tscOffset + value - tscAdjust, value);
            case MsrTable.APIC_BASE -> {
                return apic.writeApicBase(value);
            }
            case MsrTable.TSC_DEADLINE -> apic.writeTscDeadline(value);
            default -> {
                if (KvmClock.owns(number)) {
                    return kvmClock.write(index, number, value);
                }
                values[slot] = value;
            }
        }
        return true;
    }

    private static boolean x2Apic(int number) {
        return number >= MsrTable.X2APIC_FIRST && number <= MsrTable.X2APIC_LAST;
    }

    /** The registers kept here that belong to a saved state. */
    List<CpuElement.Msr> saved() {
        List<CpuElement.Msr> list = new ArrayList<>();
        long[] value = new long[1];
        for (MsrTable.Msr row : table.rows()) {
            if (row.saved() && !CoreMsrs.owns(row.number()) && read(row.number(), value)) {
                list.add(new CpuElement.Msr(row.number(), value[0]));
            }
        }
        return list;
    }

    void restore(CpuElement.Msr msr) {
        // A register that this CPU lacks may come from one that has it, as long as nobody has written to it.
        boolean unused = table.slot(msr.number()) < 0 && msr.value() == 0;
        if (!unused && !write(msr.number(), msr.value())) {
            throw new IllegalArgumentException("MSR 0x%x cannot hold 0x%x".formatted(msr.number(), msr.value()));
        }
    }
}
