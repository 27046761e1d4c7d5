package dev.quoll.kvm;

import dev.quoll.bindings.kvm.kvm_h;

/** What Quoll asks of a host's KVM, by the names in the kernel's Documentation/virt/kvm/api.rst. */
public enum Capability {
    USER_MEMORY(kvm_h.KVM_CAP_USER_MEMORY(), Need.ALWAYS, "guest memory from this process"),
    SYNC_MMU(kvm_h.KVM_CAP_SYNC_MMU(), Need.ALWAYS, "guest memory that the host may page"),
    SET_TSS_ADDR(kvm_h.KVM_CAP_SET_TSS_ADDR(), Need.ALWAYS, "real mode on Intel processors"),
    EXT_CPUID(kvm_h.KVM_CAP_EXT_CPUID(), Need.ALWAYS, "a CPUID of our choice"),
    IRQCHIP(kvm_h.KVM_CAP_IRQCHIP(), Need.ALWAYS, "local APICs"),
    MP_STATE(kvm_h.KVM_CAP_MP_STATE(), Need.ALWAYS, "run state of a CPU"),
    VCPU_EVENTS(kvm_h.KVM_CAP_VCPU_EVENTS(), Need.ALWAYS, "pending events of a CPU"),
    DEBUGREGS(kvm_h.KVM_CAP_DEBUGREGS(), Need.ALWAYS, "debug registers"),
    XSAVE(kvm_h.KVM_CAP_XSAVE(), Need.ALWAYS, "FPU and vector registers"),
    XCRS(kvm_h.KVM_CAP_XCRS(), Need.ALWAYS, "XCR0"),
    IRQ_ROUTING(kvm_h.KVM_CAP_IRQ_ROUTING(), Need.ALWAYS, "interrupts to wherever the board wires them"),
    SIGNAL_MSI(kvm_h.KVM_CAP_SIGNAL_MSI(), Need.ALWAYS, "message-signalled interrupts"),
    IRQFD(kvm_h.KVM_CAP_IRQFD(), Need.ALWAYS, "interrupts by event descriptor"),
    IOEVENTFD(kvm_h.KVM_CAP_IOEVENTFD(), Need.ALWAYS, "doorbells by event descriptor"),
    ADJUST_CLOCK(kvm_h.KVM_CAP_ADJUST_CLOCK(), Need.ALWAYS, "the paravirtual clock"),
    SPLIT_IRQCHIP(kvm_h.KVM_CAP_SPLIT_IRQCHIP(), Need.ALWAYS, "I/O APIC in this process"),
    X2APIC_API(kvm_h.KVM_CAP_X2APIC_API(), Need.ALWAYS, "more than 255 CPUs"),
    X86_USER_SPACE_MSR(kvm_h.KVM_CAP_X86_USER_SPACE_MSR(), Need.ALWAYS, "unknown MSRs handled here"),
    X86_MSR_FILTER(kvm_h.KVM_CAP_X86_MSR_FILTER(), Need.ALWAYS, "chosen MSRs handled here"),
    GET_TSC_KHZ(kvm_h.KVM_CAP_GET_TSC_KHZ(), Need.ALWAYS, "the TSC's frequency"),
    READONLY_MEM(kvm_h.KVM_CAP_READONLY_MEM(), Need.ALWAYS, "read-only memory"),
    IMMEDIATE_EXIT(kvm_h.KVM_CAP_IMMEDIATE_EXIT(), Need.ALWAYS, "leaving a guest without a race"),

    TSC_DEADLINE_TIMER(kvm_h.KVM_CAP_TSC_DEADLINE_TIMER(), Need.WHERE_PRESENT, "TSC deadline timer"),
    TSC_CONTROL(kvm_h.KVM_CAP_TSC_CONTROL(), Need.WHERE_PRESENT, "a TSC frequency of our choice"),
    XSAVE2(kvm_h.KVM_CAP_XSAVE2(), Need.WHERE_PRESENT, "large vector state (AMX)"),
    SET_GUEST_DEBUG(kvm_h.KVM_CAP_SET_GUEST_DEBUG(), Need.WHERE_PRESENT, "breakpoints and single steps"),
    MANUAL_DIRTY_LOG_PROTECT2(
            kvm_h.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2(), Need.WHERE_PRESENT, "written pages, in portions"),
    PIT2(kvm_h.KVM_CAP_PIT2(), Need.WHERE_PRESENT, "interrupt controllers and the 8254 in the kernel"),
    REINJECT_CONTROL(kvm_h.KVM_CAP_REINJECT_CONTROL(), Need.WHERE_PRESENT, "ticks of the kernel's 8254 that are not made up for"),
    DIRTY_LOG_RING(kvm_h.KVM_CAP_DIRTY_LOG_RING(), Need.WHERE_PRESENT, "written pages, by ring"),
    BINARY_STATS_FD(kvm_h.KVM_CAP_BINARY_STATS_FD(), Need.WHERE_PRESENT, "the kernel's statistics");

    /** Whether a machine can be had without it. */
    public enum Need {
        ALWAYS,
        WHERE_PRESENT
    }

    private final int number;
    private final Need need;
    private final String use;

    Capability(int number, Need need, String use) {
        this.number = number;
        this.need = need;
        this.use = use;
    }

    /** The argument of {@code KVM_CHECK_EXTENSION}. */
    int number() {
        return number;
    }

    public Need need() {
        return need;
    }

    /** What it gives, in a few words. */
    public String use() {
        return use;
    }
}
