package dev.quoll.machine;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Architectural CPU state in numbered, engine-neutral elements. Both engines read and write all of them, which is what
 * lets a state saved on one engine go on upon the other. Numbers are part of the snapshot format: never reuse one.
 */
public sealed interface CpuElement {
    /** The element's number and name. */
    Kind kind();

    /** The kinds; the order is that in which a restored state is written. */
    enum Kind {
        GENERAL(1),
        CONTROL(2),
        SEGMENTS(3),
        XSAVE(4),
        DEBUG(5),
        MSRS(6),
        LOCAL_APIC(7),
        EVENTS(8),
        RUN_STATE(9),
        TSC(10);

        private final int number;

        Kind(int number) {
            this.number = number;
        }

        public int number() {
            return number;
        }
    }

    /** General registers in encoding order (RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8-R15), RIP and RFLAGS. */
    record General(List<Long> registers, long rip, long rflags) implements CpuElement {
        public General {
            registers = List.copyOf(registers);
            if (registers.size() != 16) {
                throw new IllegalArgumentException("16 general registers, not " + registers.size());
            }
        }

        @Override
        public Kind kind() {
            return Kind.GENERAL;
        }
    }

    /** Control registers, EFER and XCR0. */
    record Control(long cr0, long cr2, long cr3, long cr4, long cr8, long efer, long xcr0) implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.CONTROL;
        }
    }

    /**
     * One segment register with its hidden part.
     *
     * @param access bits 7:0 type, S, DPL, P and 15:12 AVL, L, D/B, G as in a descriptor's bytes 5 and 6 (SDM vol. 3,
     *     figure 3-8); bit 16 set = unusable (null)
     * @param limit in bytes, G already applied
     */
    record Segment(int selector, long base, long limit, int access) {
        public static final int UNUSABLE = 1 << 16;
    }

    /** GDTR or IDTR. @param limit offset of the last byte */
    record Table(long base, int limit) {}

    /** Segment registers, LDTR, TR and the table registers. */
    record Segments(
            Segment es,
            Segment cs,
            Segment ss,
            Segment ds,
            Segment fs,
            Segment gs,
            Segment ldtr,
            Segment tr,
            Table gdtr,
            Table idtr)
            implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.SEGMENTS;
        }
    }

    /** x87, SSE and later state as an XSAVE area in standard format (SDM vol. 1, 13.4). */
    record Xsave(byte[] area) implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.XSAVE;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Xsave(byte[] bytes) && Arrays.equals(area, bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(area);
        }
    }

    /** DR0-DR3, DR6, DR7. */
    record Debug(long dr0, long dr1, long dr2, long dr3, long dr6, long dr7) implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.DEBUG;
        }
    }

    /** Model-specific registers, those of the MSR table that are saved. */
    record Msrs(List<Msr> values) implements CpuElement {
        public Msrs {
            values = List.copyOf(values);
        }

        @Override
        public Kind kind() {
            return Kind.MSRS;
        }
    }

    /** One MSR. */
    record Msr(int number, long value) {}

    /** The local APIC's register page (offsets as in xAPIC mode; 1 KiB as in KVM's lapic state) and IA32_APIC_BASE. */
    record LocalApicPage(byte[] registers, long apicBase) implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.LOCAL_APIC;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof LocalApicPage(byte[] bytes, long base)
                    && base == apicBase
                    && Arrays.equals(registers, bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(registers) * 31 + Long.hashCode(apicBase);
        }
    }

    /**
     * An exception that has come up and whose delivery has not begun: the next thing the CPU does. CR2 or DR6 hold what
     * belongs to it already. Other events that an engine has taken up without delivering them never show: reading the
     * state puts an interrupt back into the local APIC's IRR, and RIP stands on an INT n so that it runs again.
     *
     * @param vector 0 to 31
     * @param errorCode 0 when there is none
     */
    record PendingException(int vector, boolean hasErrorCode, int errorCode) {}

    /**
     * Pending events between instructions.
     *
     * @param stiShadow interrupts held for one instruction after STI
     * @param movSsShadow interrupts and debug traps held for one instruction after MOV SS or POP SS
     * @param exception what is to be delivered before anything else
     */
    record Events(
            boolean nmiPending,
            boolean nmiBlocked,
            boolean stiShadow,
            boolean movSsShadow,
            Optional<PendingException> exception)
            implements CpuElement {
        /** Without a pending exception. */
        public Events(boolean nmiPending, boolean nmiBlocked, boolean stiShadow, boolean movSsShadow) {
            this(nmiPending, nmiBlocked, stiShadow, movSsShadow, Optional.empty());
        }

        @Override
        public Kind kind() {
            return Kind.EVENTS;
        }
    }

    /** What the CPU is doing. */
    enum Activity {
        RUNNING,
        HALTED,
        WAIT_FOR_SIPI,
        SHUTDOWN
    }

    record RunState(Activity activity) implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.RUN_STATE;
        }
    }

    /** @param tsc the counter's value at the time of reading, offset included */
    record Tsc(long tsc, long tscAdjust, long deadline) implements CpuElement {
        @Override
        public Kind kind() {
            return Kind.TSC;
        }
    }
}
