package dev.quoll.bindings.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.RequiresKvm;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.bindings.signal.ThreadKick;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The structures do what the kernel expects: small real-mode guests run with nothing but the bindings. */
@RequiresKvm
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KvmBindingsTest {
    private static final long CODE = 0x1000;
    private static final long MEMORY = 0x4000;

    /** A machine with one page of real-mode code and one virtual CPU that is about to execute it. */
    private static final class Guest implements AutoCloseable {
        final FileDescriptor kvm = FileDescriptor.open("/dev/kvm", linux_h.O_RDWR());
        final FileDescriptor vm =
                FileDescriptor.owning(kvm.ioctl("KVM_CREATE_VM", kvm_h.KVM_CREATE_VM(), 0), "machine");
        final MemoryMapping memory = MemoryMapping.anonymous(MEMORY, Protection.READ_WRITE);
        final Arena arena = Arena.ofConfined();
        final FileDescriptor cpu;
        final MemoryMapping shared;
        final MemorySegment run;

        Guest(String code) {
            var bytes = HexFormat.of().parseHex(code.replace(" ", ""));
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory.segment(), CODE, bytes.length);
            var region = kvm_userspace_memory_region.allocate(arena);
            kvm_userspace_memory_region.memory_size(region, MEMORY);
            kvm_userspace_memory_region.userspace_addr(region, memory.address());
            vm.ioctl("KVM_SET_USER_MEMORY_REGION", kvm_h.KVM_SET_USER_MEMORY_REGION(), region);
            cpu = FileDescriptor.owning(vm.ioctl("KVM_CREATE_VCPU", kvm_h.KVM_CREATE_VCPU(), 0), "cpu 0");
            int size = kvm.ioctl("KVM_GET_VCPU_MMAP_SIZE", kvm_h.KVM_GET_VCPU_MMAP_SIZE(), 0);
            shared = MemoryMapping.shared(cpu.number(), 0, size, Protection.READ_WRITE);
            run = shared.segment();

            var sregs = kvm_sregs.allocate(arena);
            cpu.ioctl("KVM_GET_SREGS", kvm_h.KVM_GET_SREGS(), sregs);
            kvm_segment.base(kvm_sregs.cs(sregs), 0);
            kvm_segment.selector(kvm_sregs.cs(sregs), (short) 0);
            cpu.ioctl("KVM_SET_SREGS", kvm_h.KVM_SET_SREGS(), sregs);
            var regs = kvm_regs.allocate(arena);
            kvm_regs.rip(regs, CODE);
            kvm_regs.rflags(regs, 2);
            kvm_regs.rbx(regs, 0x1234);
            cpu.ioctl("KVM_SET_REGS", kvm_h.KVM_SET_REGS(), regs);
        }

        int run() {
            cpu.ioctl("KVM_RUN", kvm_h.KVM_RUN(), 0);
            return kvm_run.exit_reason(run);
        }

        @Override
        public void close() {
            shared.close();
            cpu.close();
            memory.close();
            vm.close();
            kvm.close();
            arena.close();
        }
    }

    @Test
    void apiVersionIsTheOneTheBindingsAreFor() {
        try (var kvm = FileDescriptor.open("/dev/kvm", linux_h.O_RDWR())) {
            assertThat(kvm.ioctl("KVM_GET_API_VERSION", kvm_h.KVM_GET_API_VERSION(), 0))
                    .isEqualTo(kvm_h.KVM_API_VERSION());
            assertThat(kvm.ioctl("KVM_CHECK_EXTENSION", kvm_h.KVM_CHECK_EXTENSION(), kvm_h.KVM_CAP_USER_MEMORY()))
                    .isPositive();
        }
    }

    @Test
    void portAndMemoryExitsAndRegistersArrive() {
        // mov dx, 3F8h; mov al, bl; add al, bh; out dx, al; mov [8000h], al; in al, 42h; mov cl, al; hlt
        try (var guest = new Guest("ba f8 03  88 d8  00 f8  ee  a2 00 80  e4 42  88 c1  f4")) {
            assertThat(guest.run()).isEqualTo(kvm_h.KVM_EXIT_IO());
            var io = kvm_run.io(guest.run);
            assertThat(Byte.toUnsignedInt(kvm_run.io.direction(io))).isEqualTo(kvm_h.KVM_EXIT_IO_OUT());
            assertThat(kvm_run.io.port(io)).isEqualTo((short) 0x3F8);
            assertThat(kvm_run.io.size(io)).isEqualTo((byte) 1);
            assertThat(kvm_run.io.count(io)).isEqualTo(1);
            assertThat(guest.run.get(ValueLayout.JAVA_BYTE, kvm_run.io.data_offset(io))).isEqualTo((byte) 0x46);

            assertThat(guest.run()).isEqualTo(kvm_h.KVM_EXIT_MMIO());
            var mmio = kvm_run.mmio(guest.run);
            assertThat(kvm_run.mmio.phys_addr(mmio)).isEqualTo(0x8000);
            assertThat(kvm_run.mmio.len(mmio)).isEqualTo(1);
            assertThat(kvm_run.mmio.is_write(mmio)).isEqualTo((byte) 1);
            assertThat(kvm_run.mmio.data(mmio, 0)).isEqualTo((byte) 0x46);

            assertThat(guest.run()).isEqualTo(kvm_h.KVM_EXIT_IO());
            assertThat(Byte.toUnsignedInt(kvm_run.io.direction(io))).isEqualTo(kvm_h.KVM_EXIT_IO_IN());
            assertThat(kvm_run.io.port(io)).isEqualTo((short) 0x42);
            guest.run.set(ValueLayout.JAVA_BYTE, kvm_run.io.data_offset(io), (byte) 0x99);

            assertThat(guest.run()).isEqualTo(kvm_h.KVM_EXIT_HLT());
            var regs = kvm_regs.allocate(guest.arena);
            guest.cpu.ioctl("KVM_GET_REGS", kvm_h.KVM_GET_REGS(), regs);
            assertThat(kvm_regs.rcx(regs)).isEqualTo(0x99);
            assertThat(kvm_regs.rip(regs)).isEqualTo(CODE + 16);
        }
    }

    @Test
    void kickEndsAnEndlessLoop() throws InterruptedException {
        try (var guest = new Guest("eb fe"); var kick = ThreadKick.forCurrentThread()) { // jmp $
            var mask = kvm_signal_mask.allocate(8, guest.arena); // the kernel's sigset_t has 64 bits
            kvm_signal_mask.len(mask, 8);
            MemorySegment.copy(kick.maskInside(), 0, mask, kvm_signal_mask.sigset$offset(), 8);
            guest.cpu.ioctl("KVM_SET_SIGNAL_MASK", kvm_h.KVM_SET_SIGNAL_MASK(), mask);

            kick.kick(); // early: must not be lost
            var errno = CapturedErrno.current();
            assertThat(linux_h.ioctl_value(errno, guest.cpu.number(), kvm_h.KVM_RUN(), 0)).isNegative();
            assertThat(CapturedErrno.value(errno)).isEqualTo(linux_h.EINTR());
            assertThat(kick.drain()).isTrue();

            var other = Thread.ofPlatform().start(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                kick.kick();
            });
            assertThat(linux_h.ioctl_value(errno, guest.cpu.number(), kvm_h.KVM_RUN(), 0)).isNegative();
            assertThat(CapturedErrno.value(errno)).isEqualTo(linux_h.EINTR());
            other.join();
            assertThat(kick.drain()).isTrue();
            assertThat(kvm_run.exit_reason(guest.run)).isEqualTo(kvm_h.KVM_EXIT_INTR());
        }
    }

    @Test
    void flexibleArraysReachTheKernel() {
        try (var kvm = FileDescriptor.open("/dev/kvm", linux_h.O_RDWR()); var arena = Arena.ofConfined()) {
            int room = 256;
            var cpuid = kvm_cpuid2.allocate(room, arena);
            kvm_cpuid2.nent(cpuid, room);
            kvm.ioctl("KVM_GET_SUPPORTED_CPUID", kvm_h.KVM_GET_SUPPORTED_CPUID(), cpuid);
            assertThat(kvm_cpuid2.nent(cpuid)).isBetween(1, room);
            var first = kvm_cpuid2.entries(cpuid, 0);
            assertThat(kvm_cpuid_entry2.function(first)).isZero();
            assertThat(kvm_cpuid_entry2.eax(first)).as("highest basic leaf").isPositive();

            var msrs = kvm_msr_list.allocate(1024, arena);
            kvm_msr_list.nmsrs(msrs, 1024);
            kvm.ioctl("KVM_GET_MSR_INDEX_LIST", kvm_h.KVM_GET_MSR_INDEX_LIST(), msrs);
            boolean hasLstar = false;
            for (int i = 0; i < kvm_msr_list.nmsrs(msrs); i++) {
                hasLstar |= kvm_msr_list.indices(msrs, i) == 0xC000_0082;
            }
            assertThat(hasLstar).as("IA32_LSTAR is in the list").isTrue();
        }
    }
}
