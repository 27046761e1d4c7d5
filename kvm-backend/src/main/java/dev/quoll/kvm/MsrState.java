package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_msr_entry;
import dev.quoll.bindings.kvm.kvm_msrs;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.MsrTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The model-specific registers of one vCPU. Which exist is {@link MsrTable}'s to say; KVM keeps those that it acts upon
 * ({@link MsrFilter#keptByKvm}), and an access to any other comes here.
 */
final class MsrState {
    private final FileDescriptor cpu;
    private final MsrTable table;
    private final long[] values;
    /** Numbers of the saved registers that KVM keeps. */
    private final int[] saved;
    private final MemorySegment several;
    private final MemorySegment one;

    MsrState(FileDescriptor cpu, MsrTable table, Arena arena) {
        this.cpu = cpu;
        this.table = table;
        values = table.resetValues();
        saved = table.rows().stream()
                .filter(row -> row.saved() && MsrFilter.keptByKvm(row.number()))
                .mapToInt(MsrTable.Msr::number)
                .toArray();
        several = kvm_msrs.allocate(saved.length, arena);
        one = kvm_msrs.allocate(1, arena);
    }

    /** Everything as after RESET#, but for time. */
    void reset() {
        System.arraycopy(table.resetValues(), 0, values, 0, values.length);
        for (int number : saved) {
            set(number, table.row(table.slot(number)).reset());
        }
    }

    /** RDMSR of a register that KVM does not keep; answers in the run area. */
    void read(RunArea run) {
        int slot = table.slot(run.msrNumber());
        if (slot < 0 || MsrFilter.keptByKvm(run.msrNumber())) {
            run.refuseMsr();
        } else {
            run.answerMsr(values[slot]);
        }
    }

    /** WRMSR of a register that KVM does not keep. */
    void write(RunArea run) {
        int slot = table.slot(run.msrNumber());
        if (slot < 0 || MsrFilter.keptByKvm(run.msrNumber()) || !accept(slot, run.msrValue())) {
            run.refuseMsr();
        } else {
            run.answerMsr(run.msrValue());
        }
    }

    private boolean accept(int slot, long value) {
        if (!table.accepts(slot, values[slot], value)) {
            return false;
        }
        if (table.row(slot).kind() == MsrTable.Kind.STORAGE) {
            values[slot] = value;
        }
        return true;
    }

    /** Reads any register that KVM keeps. */
    long get(int number) {
        kvm_msrs.nmsrs(one, 1);
        kvm_msr_entry.index(kvm_msrs.entries(one, 0), number);
        if (cpu.ioctl("KVM_GET_MSRS", kvm_h.KVM_GET_MSRS(), one) != 1) {
            throw new IllegalStateException("KVM does not tell MSR 0x%x".formatted(number));
        }
        return kvm_msr_entry.data(kvm_msrs.entries(one, 0));
    }

    /** Writes any register that KVM keeps. @throws IllegalArgumentException when it does not take the value */
    void set(int number, long value) {
        kvm_msrs.nmsrs(one, 1);
        MemorySegment entry = kvm_msrs.entries(one, 0);
        kvm_msr_entry.index(entry, number);
        kvm_msr_entry.data(entry, value);
        if (cpu.ioctl("KVM_SET_MSRS", kvm_h.KVM_SET_MSRS(), one) != 1) {
            throw new IllegalArgumentException("MSR 0x%x cannot hold 0x%x".formatted(number, value));
        }
    }

    /** The saved registers, in the order of the table. */
    CpuElement.Msrs read() {
        kvm_msrs.nmsrs(several, saved.length);
        for (int i = 0; i < saved.length; i++) {
            kvm_msr_entry.index(kvm_msrs.entries(several, i), saved[i]);
        }
        int count = cpu.ioctl("KVM_GET_MSRS", kvm_h.KVM_GET_MSRS(), several);
        if (count != saved.length) {
            throw new IllegalStateException("KVM does not tell MSR 0x%x".formatted(saved[count]));
        }
        List<CpuElement.Msr> list = new ArrayList<>();
        int kept = 0;
        for (int slot = 0; slot < table.size(); slot++) {
            MsrTable.Msr row = table.row(slot);
            if (row.saved()) {
                boolean kvm = kept < saved.length && saved[kept] == row.number();
                list.add(new CpuElement.Msr(
                        row.number(), kvm ? kvm_msr_entry.data(kvm_msrs.entries(several, kept++)) : values[slot]));
            }
        }
        return new CpuElement.Msrs(list);
    }

    /** Sets registers; those not named stay as they are. */
    void write(CpuElement.Msrs msrs) {
        for (CpuElement.Msr msr : msrs.values()) {
            int slot = table.slot(msr.number());
            if (slot < 0) {
                requireUnused(msr);
            } else if (MsrFilter.keptByKvm(msr.number())) {
                set(msr.number(), msr.value());
            } else if (!accept(slot, msr.value())) {
                throw new IllegalArgumentException("MSR 0x%x cannot hold 0x%x".formatted(msr.number(), msr.value()));
            }
        }
    }

    /** A register that this CPU lacks may come from one that has it, as long as nobody has written to it. */
    private static void requireUnused(CpuElement.Msr msr) {
        if (msr.value() != 0) {
            throw new IllegalArgumentException("this CPU has no MSR 0x%x, which holds 0x%x".formatted(msr.number(), msr.value()));
        }
    }
}
