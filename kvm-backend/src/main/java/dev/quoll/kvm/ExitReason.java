package dev.quoll.kvm;

import dev.quoll.bindings.kvm.kvm_h;

/** Why {@code KVM_RUN} came back (api.rst, 5, {@code exit_reason}), and how that is called in figures and sentences. */
enum ExitReason {
    UNKNOWN(kvm_h.KVM_EXIT_UNKNOWN(), "unknown", "the processor left the guest for a reason that KVM does not know"),
    EXCEPTION(kvm_h.KVM_EXIT_EXCEPTION(), "exception", "KVM met an exception of the guest that it does not handle"),
    IO(kvm_h.KVM_EXIT_IO(), "port", "a port access"),
    HYPERCALL(kvm_h.KVM_EXIT_HYPERCALL(), "hypercall", "a hypercall that KVM hands on"),
    DEBUG(kvm_h.KVM_EXIT_DEBUG(), "debug", "a breakpoint or single step"),
    HLT(kvm_h.KVM_EXIT_HLT(), "halt", "HLT"),
    MMIO(kvm_h.KVM_EXIT_MMIO(), "mmio", "an access to device memory"),
    IRQ_WINDOW_OPEN(kvm_h.KVM_EXIT_IRQ_WINDOW_OPEN(), "interrupt-window", "the guest takes interrupts again"),
    SHUTDOWN(kvm_h.KVM_EXIT_SHUTDOWN(), "shutdown", "a triple fault"),
    FAIL_ENTRY(kvm_h.KVM_EXIT_FAIL_ENTRY(), "entry-failure", "the processor refused to enter the guest"),
    INTR(kvm_h.KVM_EXIT_INTR(), "interrupted", "a signal"),
    SET_TPR(kvm_h.KVM_EXIT_SET_TPR(), "set-tpr", "a change of the task priority"),
    TPR_ACCESS(kvm_h.KVM_EXIT_TPR_ACCESS(), "tpr-access", "an access to the task priority"),
    NMI(kvm_h.KVM_EXIT_NMI(), "nmi", "a non-maskable interrupt of the host"),
    INTERNAL_ERROR(kvm_h.KVM_EXIT_INTERNAL_ERROR(), "internal-error", "KVM cannot go on"),
    WATCHDOG(kvm_h.KVM_EXIT_WATCHDOG(), "watchdog", "the guest's watchdog ran out"),
    SYSTEM_EVENT(kvm_h.KVM_EXIT_SYSTEM_EVENT(), "system-event", "the guest asked for a reset or for power-off"),
    IOAPIC_EOI(kvm_h.KVM_EXIT_IOAPIC_EOI(), "ioapic-eoi", "the end of a level-triggered interrupt"),
    X86_RDMSR(kvm_h.KVM_EXIT_X86_RDMSR(), "rdmsr", "a read of a model-specific register"),
    X86_WRMSR(kvm_h.KVM_EXIT_X86_WRMSR(), "wrmsr", "a write of a model-specific register"),
    DIRTY_RING_FULL(kvm_h.KVM_EXIT_DIRTY_RING_FULL(), "dirty-ring-full", "the ring of written pages is full"),
    X86_BUS_LOCK(kvm_h.KVM_EXIT_X86_BUS_LOCK(), "bus-lock", "a locked access across two cache lines"),
    NOTIFY(kvm_h.KVM_EXIT_NOTIFY(), "notify", "the guest kept the processor from taking events for too long");

    private static final ExitReason[] BY_NUMBER = byNumber();

    private final int number;
    private final String key;
    private final String meaning;

    ExitReason(int number, String key, String meaning) {
        this.number = number;
        this.key = key;
        this.meaning = meaning;
    }

    /** For figures: {@code exits-<key>}. */
    String key() {
        return key;
    }

    /** A few words for a report. */
    String meaning() {
        return meaning;
    }

    /** The reason of a number, or null for one that did not exist when this was written. */
    static ExitReason of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    }

    private static ExitReason[] byNumber() {
        int size = 0;
        for (ExitReason reason : values()) {
            size = Math.max(size, reason.number + 1);
        }
        ExitReason[] table = new ExitReason[size];
        for (ExitReason reason : values()) {
            table[reason.number] = reason;
        }
        return table;
    }
}
