package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_lapic_state;
import dev.quoll.bindings.kvm.kvm_mp_state;
import dev.quoll.bindings.kvm.kvm_vcpu_events;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Activity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Local APIC, pending events and activity of a vCPU that does not run. */
final class EventState {
    private static final int LVT_LINT0 = 0x350;
    private static final int ISR = 0x100;
    private static final int IRR = 0x200;

    private final FileDescriptor cpu;
    private final MemorySegment apic;
    private final MemorySegment events;
    private final MemorySegment activity;

    EventState(FileDescriptor cpu, Arena arena) {
        this.cpu = cpu;
        apic = kvm_lapic_state.allocate(arena);
        events = kvm_vcpu_events.allocate(arena);
        activity = kvm_mp_state.allocate(arena);
    }

    /** The local APIC's register page. */
    byte[] apicPage() {
        readApic();
        return apic.toArray(ValueLayout.JAVA_BYTE);
    }

    /** Throws {@link IllegalArgumentException} for a page that is no local APIC of this CPU. */
    void writeApic(byte[] page) {
        if (page.length != kvm_lapic_state.sizeof()) {
            throw new IllegalArgumentException("a local APIC's page has %d bytes, not %d"
                    .formatted(kvm_lapic_state.sizeof(), page.length));
        }
        MemorySegment.copy(page, 0, apic, ValueLayout.JAVA_BYTE, 0, page.length);
        try {
            cpu.ioctl("KVM_SET_LAPIC", kvm_h.KVM_SET_LAPIC(), apic);
        } catch (NativeException e) {
            if (e.is(Errno.EINVAL)) {
                throw new IllegalArgumentException("KVM cannot hold this state of the local APIC", e);
            }
            throw e;
        }
    }

    private void readApic() {
        cpu.ioctl("KVM_GET_LAPIC", kvm_h.KVM_GET_LAPIC(), apic);
    }

    /** The local vector table entry of pin LINT0 or LINT1. */
    int lintEntry(int pin) {
        readApic();
        return apic.get(ValueLayout.JAVA_INT, LVT_LINT0 + 16 * pin);
    }

    CpuElement.Events events() {
        readEvents();
        int shadow = kvm_vcpu_events.interrupt.shadow(kvm_vcpu_events.interrupt(events));
        MemorySegment nmi = kvm_vcpu_events.nmi(events);
        return new CpuElement.Events(
                kvm_vcpu_events.nmi.pending(nmi) != 0 || kvm_vcpu_events.nmi.injected(nmi) != 0,
                kvm_vcpu_events.nmi.masked(nmi) != 0,
                (shadow & kvm_h.KVM_X86_SHADOW_INT_STI()) != 0,
                (shadow & kvm_h.KVM_X86_SHADOW_INT_MOV_SS()) != 0,
                exception());
    }

    private Optional<CpuElement.PendingException> exception() {
        MemorySegment exception = kvm_vcpu_events.exception(events);
        if (kvm_vcpu_events.exception.injected(exception) == 0) {
            return Optional.empty();
        }
        return Optional.of(new CpuElement.PendingException(
                kvm_vcpu_events.exception.nr(exception) & 0xff,
                kvm_vcpu_events.exception.has_error_code(exception) != 0,
                kvm_vcpu_events.exception.error_code(exception)));
    }

    /** Also forgets every exception and interrupt that was on its way: they belong to the state that this one replaces. */
    void write(CpuElement.Events values) {
        readEvents();
        int flags = kvm_h.KVM_VCPUEVENT_VALID_NMI_PENDING() | kvm_h.KVM_VCPUEVENT_VALID_SHADOW();
        int sipi = kvm_vcpu_events.sipi_vector(events);
        events.fill((byte) 0);
        kvm_vcpu_events.sipi_vector(events, sipi);
        MemorySegment nmi = kvm_vcpu_events.nmi(events);
        kvm_vcpu_events.nmi.pending(nmi, (byte) (values.nmiPending() ? 1 : 0));
        kvm_vcpu_events.nmi.masked(nmi, (byte) (values.nmiBlocked() ? 1 : 0));
        int shadow = (values.stiShadow() ? kvm_h.KVM_X86_SHADOW_INT_STI() : 0)
                | (values.movSsShadow() ? kvm_h.KVM_X86_SHADOW_INT_MOV_SS() : 0);
        kvm_vcpu_events.interrupt.shadow(kvm_vcpu_events.interrupt(events), (byte) shadow);
        kvm_vcpu_events.flags(events, flags);
        values.exception().ifPresent(this::deliverNext);
        cpu.ioctl("KVM_SET_VCPU_EVENTS", kvm_h.KVM_SET_VCPU_EVENTS(), events);
    }

    /** Has the CPU deliver an exception before anything else. CR2 and DR6 are set already. */
    void inject(CpuElement.PendingException wanted) {
        readEvents();
        kvm_vcpu_events.flags(events, kvm_vcpu_events.flags(events) & ~kvm_h.KVM_VCPUEVENT_VALID_SMM());
        deliverNext(wanted);
        cpu.ioctl("KVM_SET_VCPU_EVENTS", kvm_h.KVM_SET_VCPU_EVENTS(), events);
    }

    /** Takes back an exception that is to be delivered next. */
    void forgetException() {
        readEvents();
        MemorySegment exception = kvm_vcpu_events.exception(events);
        kvm_vcpu_events.exception.injected(exception, (byte) 0);
        kvm_vcpu_events.exception.pending(exception, (byte) 0);
        kvm_vcpu_events.flags(events, kvm_vcpu_events.flags(events) & ~kvm_h.KVM_VCPUEVENT_VALID_SMM());
        cpu.ioctl("KVM_SET_VCPU_EVENTS", kvm_h.KVM_SET_VCPU_EVENTS(), events);
    }

    private void deliverNext(CpuElement.PendingException wanted) {
        MemorySegment exception = kvm_vcpu_events.exception(events);
        kvm_vcpu_events.exception.injected(exception, (byte) 1);
        kvm_vcpu_events.exception.nr(exception, (byte) wanted.vector());
        kvm_vcpu_events.exception.has_error_code(exception, (byte) (wanted.hasErrorCode() ? 1 : 0));
        kvm_vcpu_events.exception.error_code(exception, wanted.errorCode());
    }

    private void readEvents() {
        cpu.ioctl("KVM_GET_VCPU_EVENTS", kvm_h.KVM_GET_VCPU_EVENTS(), events);
    }

    /**
     * Takes back an external interrupt that KVM had begun to deliver when it was interrupted, so that the elements hold it:
     * it goes from the in-service to the request register of the local APIC. An exception shows in {@link #events}.
     *
     * @param external the vector last handed over from the 8259, which is no local APIC's, or one that is none
     */
    void settle(int external) {
        readEvents();
        MemorySegment interrupt = kvm_vcpu_events.interrupt(events);
        int vector = kvm_vcpu_events.interrupt.nr(interrupt) & 0xff;
        if (kvm_vcpu_events.interrupt.injected(interrupt) != 0
                && kvm_vcpu_events.interrupt.soft(interrupt) == 0
                && takeBack(vector, vector == external)) {
            kvm_vcpu_events.interrupt.injected(interrupt, (byte) 0);
            kvm_vcpu_events.flags(events, kvm_vcpu_events.flags(events) & ~kvm_h.KVM_VCPUEVENT_VALID_SMM());
            cpu.ioctl("KVM_SET_VCPU_EVENTS", kvm_h.KVM_SET_VCPU_EVENTS(), events);
        }
    }

    /**
     * From in service back to requested. A KVM that interprets has edge-triggered ones not in service.
     *
     * @return false for an interrupt of the 8259's
     */
    private boolean takeBack(int vector, boolean external) {
        readApic();
        long word = (vector >>> 5) * 16L;
        int bit = 1 << (vector & 31);
        int service = apic.get(ValueLayout.JAVA_INT, ISR + word);
        if (external && (service & bit) == 0) {
            return false;
        }
        apic.set(ValueLayout.JAVA_INT, ISR + word, service & ~bit);
        apic.set(ValueLayout.JAVA_INT, IRR + word, apic.get(ValueLayout.JAVA_INT, IRR + word) | bit);
        cpu.ioctl("KVM_SET_LAPIC", kvm_h.KVM_SET_LAPIC(), apic);
        return true;
    }

    Activity activity() {
        cpu.ioctl("KVM_GET_MP_STATE", kvm_h.KVM_GET_MP_STATE(), activity);
        int state = kvm_mp_state.mp_state(activity);
        if (state == kvm_h.KVM_MP_STATE_HALTED()) {
            return Activity.HALTED;
        }
        return state == kvm_h.KVM_MP_STATE_RUNNABLE() ? Activity.RUNNING : Activity.WAIT_FOR_SIPI;
    }

    void setActivity(Activity wanted) {
        kvm_mp_state.mp_state(activity, switch (wanted) {
            case RUNNING, SHUTDOWN -> kvm_h.KVM_MP_STATE_RUNNABLE();
            case HALTED -> kvm_h.KVM_MP_STATE_HALTED();
            // KVM takes a start-up message in this state only; a real processor takes it after RESET# too.
            case WAIT_FOR_SIPI -> kvm_h.KVM_MP_STATE_INIT_RECEIVED();
        });
        cpu.ioctl("KVM_SET_MP_STATE", kvm_h.KVM_SET_MP_STATE(), activity);
    }
}
