package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_debugregs;
import dev.quoll.bindings.kvm.kvm_dtable;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_regs;
import dev.quoll.bindings.kvm.kvm_segment;
import dev.quoll.bindings.kvm.kvm_sregs;
import dev.quoll.bindings.kvm.kvm_xcr;
import dev.quoll.bindings.kvm.kvm_xcrs;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** General, control, segment and debug registers of a vCPU that does not run. */
final class RegisterState {
    /** Where {@code struct kvm_regs} has the registers, in the order in which instructions number them. */
    private static final long[] GENERAL = {
        kvm_regs.rax$offset(), kvm_regs.rcx$offset(), kvm_regs.rdx$offset(), kvm_regs.rbx$offset(),
        kvm_regs.rsp$offset(), kvm_regs.rbp$offset(), kvm_regs.rsi$offset(), kvm_regs.rdi$offset(),
        kvm_regs.r8$offset(), kvm_regs.r9$offset(), kvm_regs.r10$offset(), kvm_regs.r11$offset(),
        kvm_regs.r12$offset(), kvm_regs.r13$offset(), kvm_regs.r14$offset(), kvm_regs.r15$offset(),
    };
    private static final int LONG_CODE = 1 << 13;
    private static final long EFER_LMA = 1 << 10;

    private final FileDescriptor cpu;
    private final MemorySegment regs;
    private final MemorySegment sregs;
    private final MemorySegment debug;
    private final MemorySegment xcrs;
    /** What {@link CpuElement.Segments} wants of CS.L while the mode does not let KVM hold it. */
    private boolean longCode;

    RegisterState(FileDescriptor cpu, Arena arena) {
        this.cpu = cpu;
        regs = kvm_regs.allocate(arena);
        sregs = kvm_sregs.allocate(arena);
        debug = kvm_debugregs.allocate(arena);
        xcrs = kvm_xcrs.allocate(arena);
    }

    CpuElement.General general() {
        cpu.ioctl("KVM_GET_REGS", kvm_h.KVM_GET_REGS(), regs);
        List<Long> registers = new ArrayList<>(GENERAL.length);
        for (long offset : GENERAL) {
            registers.add(regs.get(ValueLayout.JAVA_LONG, offset));
        }
        return new CpuElement.General(registers, kvm_regs.rip(regs), kvm_regs.rflags(regs));
    }

    void write(CpuElement.General general) {
        for (int i = 0; i < GENERAL.length; i++) {
            regs.set(ValueLayout.JAVA_LONG, GENERAL[i], general.registers().get(i));
        }
        kvm_regs.rip(regs, general.rip());
        kvm_regs.rflags(regs, general.rflags());
        set("general registers", "KVM_SET_REGS", kvm_h.KVM_SET_REGS(), regs);
    }

    CpuElement.Control control() {
        readSpecial();
        return new CpuElement.Control(
                kvm_sregs.cr0(sregs),
                kvm_sregs.cr2(sregs),
                kvm_sregs.cr3(sregs),
                kvm_sregs.cr4(sregs),
                kvm_sregs.cr8(sregs),
                kvm_sregs.efer(sregs),
                xcr0());
    }

    void write(CpuElement.Control control) {
        readSpecial();
        kvm_sregs.cr0(sregs, control.cr0());
        kvm_sregs.cr2(sregs, control.cr2());
        kvm_sregs.cr3(sregs, control.cr3());
        kvm_sregs.cr4(sregs, control.cr4());
        kvm_sregs.cr8(sregs, control.cr8());
        kvm_sregs.efer(sregs, control.efer());
        writeSpecial("control registers");
        kvm_xcrs.nr_xcrs(xcrs, 1);
        kvm_xcrs.flags(xcrs, 0);
        kvm_xcr.xcr(kvm_xcrs.xcrs(xcrs, 0), 0);
        kvm_xcr.value(kvm_xcrs.xcrs(xcrs, 0), control.xcr0());
        set("XCR0 0x%x".formatted(control.xcr0()), "KVM_SET_XCRS", kvm_h.KVM_SET_XCRS(), xcrs);
    }

    private long xcr0() {
        cpu.ioctl("KVM_GET_XCRS", kvm_h.KVM_GET_XCRS(), xcrs);
        for (int i = 0; i < kvm_xcrs.nr_xcrs(xcrs); i++) {
            if (kvm_xcr.xcr(kvm_xcrs.xcrs(xcrs, i)) == 0) {
                return kvm_xcr.value(kvm_xcrs.xcrs(xcrs, i));
            }
        }
        return 1;
    }

    CpuElement.Segments segments() {
        readSpecial();
        return new CpuElement.Segments(
                segment(kvm_sregs.es(sregs)),
                segment(kvm_sregs.cs(sregs)),
                segment(kvm_sregs.ss(sregs)),
                segment(kvm_sregs.ds(sregs)),
                segment(kvm_sregs.fs(sregs)),
                segment(kvm_sregs.gs(sregs)),
                segment(kvm_sregs.ldt(sregs)),
                segment(kvm_sregs.tr(sregs)),
                table(kvm_sregs.gdt(sregs)),
                table(kvm_sregs.idt(sregs)));
    }

    void write(CpuElement.Segments segments) {
        readSpecial();
        put(kvm_sregs.es(sregs), segments.es());
        put(kvm_sregs.cs(sregs), segments.cs());
        put(kvm_sregs.ss(sregs), segments.ss());
        put(kvm_sregs.ds(sregs), segments.ds());
        put(kvm_sregs.fs(sregs), segments.fs());
        put(kvm_sregs.gs(sregs), segments.gs());
        put(kvm_sregs.ldt(sregs), segments.ldtr());
        put(kvm_sregs.tr(sregs), segments.tr());
        put(kvm_sregs.gdt(sregs), segments.gdtr());
        put(kvm_sregs.idt(sregs), segments.idtr());
        longCode = (segments.cs().access() & LONG_CODE) != 0;
        writeSpecial("segment registers");
    }

    CpuElement.Debug debug() {
        cpu.ioctl("KVM_GET_DEBUGREGS", kvm_h.KVM_GET_DEBUGREGS(), debug);
        return new CpuElement.Debug(
                kvm_debugregs.db(debug, 0),
                kvm_debugregs.db(debug, 1),
                kvm_debugregs.db(debug, 2),
                kvm_debugregs.db(debug, 3),
                kvm_debugregs.dr6(debug),
                kvm_debugregs.dr7(debug));
    }

    void write(CpuElement.Debug values) {
        kvm_debugregs.db(debug, 0, values.dr0());
        kvm_debugregs.db(debug, 1, values.dr1());
        kvm_debugregs.db(debug, 2, values.dr2());
        kvm_debugregs.db(debug, 3, values.dr3());
        kvm_debugregs.dr6(debug, values.dr6());
        kvm_debugregs.dr7(debug, values.dr7());
        kvm_debugregs.flags(debug, 0);
        set("debug registers", "KVM_SET_DEBUGREGS", kvm_h.KVM_SET_DEBUGREGS(), debug);
    }

    private void readSpecial() {
        cpu.ioctl("KVM_GET_SREGS", kvm_h.KVM_GET_SREGS(), sregs);
        if ((kvm_sregs.efer(sregs) & EFER_LMA) != 0) {
            longCode = kvm_segment.l(kvm_sregs.cs(sregs)) != 0;
        }
    }

    /**
     * Segments and control registers come as two elements but go to KVM in one call, which refuses a 64-bit code segment
     * outside long mode: CS.L waits for the control registers that make it legal.
     */
    private void writeSpecial(String what) {
        MemorySegment cs = kvm_sregs.cs(sregs);
        boolean longMode = (kvm_sregs.efer(sregs) & EFER_LMA) != 0;
        kvm_segment.l(cs, (byte) (longMode && longCode ? 1 : 0));
        // An interrupt under way belongs to the events (KVM_SET_VCPU_EVENTS), not here.
        kvm_sregs.interrupt_bitmap(sregs).fill((byte) 0);
        set(what, "KVM_SET_SREGS", kvm_h.KVM_SET_SREGS(), sregs);
    }

    private void set(String what, String call, long request, MemorySegment argument) {
        try {
            cpu.ioctl(call, request, argument);
        } catch (NativeException e) {
            if (e.is(Errno.EINVAL)) {
                throw new IllegalArgumentException("KVM cannot hold these values of the " + what, e);
            }
            throw e;
        }
    }

    private static Segment segment(MemorySegment segment) {
        int access = kvm_segment.type(segment) & 0xf
                | (kvm_segment.s(segment) & 1) << 4
                | (kvm_segment.dpl(segment) & 3) << 5
                | (kvm_segment.present(segment) & 1) << 7
                | (kvm_segment.avl(segment) & 1) << 12
                | (kvm_segment.l(segment) & 1) << 13
                | (kvm_segment.db(segment) & 1) << 14
                | (kvm_segment.g(segment) & 1) << 15
                | (kvm_segment.unusable(segment) != 0 ? Segment.UNUSABLE : 0);
        return new Segment(
                kvm_segment.selector(segment) & 0xffff,
                kvm_segment.base(segment),
                kvm_segment.limit(segment) & 0xffff_ffffL,
                access);
    }

    private static void put(MemorySegment segment, Segment value) {
        int access = value.access();
        kvm_segment.base(segment, value.base());
        kvm_segment.limit(segment, (int) value.limit());
        kvm_segment.selector(segment, (short) value.selector());
        kvm_segment.type(segment, (byte) (access & 0xf));
        kvm_segment.s(segment, bit(access, 4));
        kvm_segment.dpl(segment, (byte) (access >>> 5 & 3));
        kvm_segment.present(segment, bit(access, 7));
        kvm_segment.avl(segment, bit(access, 12));
        kvm_segment.l(segment, bit(access, 13));
        kvm_segment.db(segment, bit(access, 14));
        kvm_segment.g(segment, bit(access, 15));
        kvm_segment.unusable(segment, bit(access, 16));
    }

    private static byte bit(int value, int number) {
        return (byte) (value >>> number & 1);
    }

    private static Table table(MemorySegment table) {
        return new Table(kvm_dtable.base(table), kvm_dtable.limit(table) & 0xffff);
    }

    private static void put(MemorySegment table, Table value) {
        kvm_dtable.base(table, value.base());
        kvm_dtable.limit(table, (short) value.limit());
    }
}
