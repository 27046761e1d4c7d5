package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_guest_debug;
import dev.quoll.bindings.kvm.kvm_guest_debug_arch;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.GuestDebug;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Single steps and breakpoints of one vCPU (api.rst, KVM_SET_GUEST_DEBUG). */
final class DebugControl {
    private static final int DR7 = 7;
    /** DR7: bit 10 is always set; GE and LE for data breakpoints (SDM vol. 3, 18.2.4). */
    private static final long DR7_FIXED = 1 << 10 | 1 << 9 | 1 << 8;

    private final FileDescriptor cpu;
    private final MemorySegment request;

    DebugControl(FileDescriptor cpu, Arena arena) {
        this.cpu = cpu;
        request = kvm_guest_debug.allocate(arena);
    }

    /** @param holdInterrupts whether interrupts wait while single steps are on */
    void set(boolean singleStep, boolean holdInterrupts, List<GuestDebug.Breakpoint> breakpoints) {
        if (breakpoints.size() > GuestDebug.BREAKPOINTS) {
            throw new IllegalArgumentException("a CPU has %d breakpoints, not %d".formatted(GuestDebug.BREAKPOINTS, breakpoints.size()));
        }
        request.fill((byte) 0);
        int control = 0;
        if (singleStep) {
            control |= kvm_h.KVM_GUESTDBG_ENABLE() | kvm_h.KVM_GUESTDBG_SINGLESTEP();
        }
        if (!breakpoints.isEmpty()) {
            control |= kvm_h.KVM_GUESTDBG_ENABLE() | kvm_h.KVM_GUESTDBG_USE_HW_BP();
            MemorySegment registers = kvm_guest_debug.arch(request);
            long enabled = DR7_FIXED;
            for (int i = 0; i < breakpoints.size(); i++) {
                GuestDebug.Breakpoint breakpoint = breakpoints.get(i);
                kvm_guest_debug_arch.debugreg(registers, i, breakpoint.address());
                enabled |= 2L << 2 * i | (long) (condition(breakpoint) | length(breakpoint) << 2) << 16 + 4 * i;
            }
            kvm_guest_debug_arch.debugreg(registers, DR7, enabled);
        }
        apply(singleStep && holdInterrupts ? control | kvm_h.KVM_GUESTDBG_BLOCKIRQ() : control, control);
    }

    /** @param plain what to ask of a kernel that does not know KVM_GUESTDBG_BLOCKIRQ (before Linux 5.16) */
    private void apply(int control, int plain) {
        kvm_guest_debug.control(request, control);
        try {
            cpu.ioctl("KVM_SET_GUEST_DEBUG", kvm_h.KVM_SET_GUEST_DEBUG(), request);
        } catch (NativeException e) {
            if (!e.is(Errno.EINVAL)) {
                throw e;
            }
            if (control == plain) {
                throw new UnsupportedOperationException("The host's KVM has no guest debugging.", e);
            }
            apply(plain, plain);
        }
    }

    private static int condition(GuestDebug.Breakpoint breakpoint) {
        return switch (breakpoint.watch()) {
            case EXECUTION -> 0;
            case WRITE -> 1;
            case ACCESS -> 3;
        };
    }

    private static int length(GuestDebug.Breakpoint breakpoint) {
        return switch (breakpoint.length()) {
            case 1 -> 0;
            case 2 -> 1;
            case 4 -> 3;
            default -> 2;
        };
    }
}
