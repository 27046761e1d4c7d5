package dev.quoll.kvm;

import dev.quoll.bindings.kvm.kvm_run;
import dev.quoll.bindings.memory.MemoryMapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a vCPU shares with the kernel ({@code struct kvm_run}; api.rst, 5): read and written in place, by the vCPU's thread,
 * without an object for an access.
 */
final class RunArea implements AutoCloseable {
    private static final long IO = kvm_run.io$offset();
    private static final long MMIO = kvm_run.mmio$offset();
    private static final long MSR = kvm_run.msr$offset();
    private static final long INTERNAL = kvm_run.internal$offset();
    private static final long FAILED = kvm_run.emulation_failure$offset();
    private static final long EVENT = kvm_run.system_event$offset();
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final MemoryMapping mapping;
    private final MemorySegment run;

    RunArea(MemoryMapping mapping) {
        this.mapping = mapping;
        run = mapping.segment();
    }

    int exitReason() {
        return run.get(INT, kvm_run.exit_reason$offset());
    }

    /** Whether the CPU would take an external interrupt at once; as of the last exit. */
    boolean readyForInterrupt() {
        return run.get(BYTE, kvm_run.ready_for_interrupt_injection$offset()) != 0;
    }

    /** Asks for an exit as soon as {@link #readyForInterrupt}. */
    void requestInterruptWindow(boolean wanted) {
        run.set(BYTE, kvm_run.request_interrupt_window$offset(), (byte) (wanted ? 1 : 0));
    }

    /** Whether the next {@code KVM_RUN} only completes what the last one left for, and returns EINTR. */
    void setImmediateExit(boolean wanted) {
        run.set(BYTE, kvm_run.immediate_exit$offset(), (byte) (wanted ? 1 : 0));
    }

    // KVM_EXIT_IO.

    boolean ioIsInput() {
        return run.get(BYTE, IO + kvm_run.io.direction$offset()) == 0;
    }

    int ioWidth() {
        return run.get(BYTE, IO + kvm_run.io.size$offset());
    }

    int ioPort() {
        return run.get(SHORT, IO + kvm_run.io.port$offset()) & 0xffff;
    }

    /** Number of accesses: more than one for a string instruction. */
    int ioCount() {
        return run.get(INT, IO + kvm_run.io.count$offset());
    }

    /** Where the values are, for {@link #value} and {@link #setValue}. */
    long ioData() {
        return run.get(LONG, IO + kvm_run.io.data_offset$offset());
    }

    // KVM_EXIT_MMIO.

    long mmioAddress() {
        return run.get(LONG, MMIO + kvm_run.mmio.phys_addr$offset());
    }

    /** 1 to 8. */
    int mmioLength() {
        return run.get(INT, MMIO + kvm_run.mmio.len$offset());
    }

    boolean mmioIsWrite() {
        return run.get(BYTE, MMIO + kvm_run.mmio.is_write$offset()) != 0;
    }

    static long mmioData() {
        return MMIO + kvm_run.mmio.data$offset();
    }

    /** A little-endian value of 1, 2, 4 or 8 bytes, zero-extended. */
    long value(long offset, int width) {
        return switch (width) {
            case 1 -> run.get(BYTE, offset) & 0xffL;
            case 2 -> run.get(SHORT, offset) & 0xffffL;
            case 4 -> run.get(INT, offset) & 0xffff_ffffL;
            default -> run.get(LONG, offset);
        };
    }

    void setValue(long offset, int width, long value) {
        switch (width) {
            case 1 -> run.set(BYTE, offset, (byte) value);
            case 2 -> run.set(SHORT, offset, (short) value);
            case 4 -> run.set(INT, offset, (int) value);
            default -> run.set(LONG, offset, value);
        }
    }

    // KVM_EXIT_X86_RDMSR and WRMSR.

    int msrNumber() {
        return run.get(INT, MSR + kvm_run.msr.index$offset());
    }

    long msrValue() {
        return run.get(LONG, MSR + kvm_run.msr.data$offset());
    }

    /** The value that RDMSR gives. */
    void answerMsr(long value) {
        run.set(LONG, MSR + kvm_run.msr.data$offset(), value);
        run.set(BYTE, MSR + kvm_run.msr.error$offset(), (byte) 0);
    }

    /** RDMSR or WRMSR is to raise #GP. */
    void refuseMsr() {
        run.set(BYTE, MSR + kvm_run.msr.error$offset(), (byte) 1);
    }

    /** KVM_EXIT_IOAPIC_EOI: the vector. */
    int eoiVector() {
        return run.get(BYTE, kvm_run.eoi$offset() + kvm_run.eoi.vector$offset()) & 0xff;
    }

    /** KVM_EXIT_DEBUG: the address of the next instruction, linear. */
    long debugAddress() {
        return kvm_run.debug.arch(kvm_run.debug(run)).get(LONG, dev.quoll.bindings.kvm.kvm_debug_exit_arch.pc$offset());
    }

    /** KVM_EXIT_UNKNOWN. */
    long hardwareReason() {
        return kvm_run.hw.hardware_exit_reason(kvm_run.hw(run));
    }

    /** KVM_EXIT_FAIL_ENTRY. */
    long entryFailureReason() {
        return kvm_run.fail_entry.hardware_entry_failure_reason(kvm_run.fail_entry(run));
    }

    /** KVM_EXIT_EXCEPTION: vector in the low half, error code in the high half. */
    long exception() {
        MemorySegment exception = kvm_run.ex(run);
        return kvm_run.ex.exception(exception) & 0xffff_ffffL | (long) kvm_run.ex.error_code(exception) << 32;
    }

    /** KVM_EXIT_SYSTEM_EVENT. */
    int systemEvent() {
        return run.get(INT, EVENT + kvm_run.system_event.type$offset());
    }

    // KVM_EXIT_INTERNAL_ERROR.

    int internalError() {
        return run.get(INT, INTERNAL + kvm_run.internal.suberror$offset());
    }

    /** The data that came with an internal error. */
    long[] internalData() {
        int count = Math.clamp(run.get(INT, INTERNAL + kvm_run.internal.ndata$offset()), 0, 16);
        long[] data = new long[count];
        for (int i = 0; i < count; i++) {
            data[i] = run.get(LONG, INTERNAL + kvm_run.internal.data$offset() + 8L * i);
        }
        return data;
    }

    /** The bytes of the instruction that could not be emulated; empty when the kernel does not tell. */
    byte[] failedInstruction() {
        boolean told = run.get(INT, FAILED + kvm_run.emulation_failure.ndata$offset()) >= 3
                && (run.get(LONG, FAILED + kvm_run.emulation_failure.flags$offset()) & 1) != 0;
        int size = told ? Math.clamp(run.get(BYTE, FAILED + kvm_run.emulation_failure.insn_size$offset()), 0, 15) : 0;
        byte[] bytes = new byte[size];
        MemorySegment.copy(run, BYTE, FAILED + kvm_run.emulation_failure.insn_bytes$offset(), bytes, 0, size);
        return bytes;
    }

    @Override
    public void close() {
        mapping.close();
    }
}
