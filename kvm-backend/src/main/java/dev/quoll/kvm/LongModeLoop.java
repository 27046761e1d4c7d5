package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.code.CodeEntry;
import dev.quoll.bindings.code.ExecutableMemory;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_dtable;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_regs;
import dev.quoll.bindings.kvm.kvm_run;
import dev.quoll.bindings.kvm.kvm_segment;
import dev.quoll.bindings.kvm.kvm_signal_mask;
import dev.quoll.bindings.kvm.kvm_sregs;
import dev.quoll.bindings.kvm.kvm_userspace_memory_region;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.bindings.signal.ThreadKick;
import dev.quoll.kvm.KvmProbe.LoopTimes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A guest of one page of code: sums the numbers from N down to 1 in 64-bit mode at privilege level 0 and halts. The
 * processor is put into that mode through its registers (KVM_SET_SREGS), so that no real-mode code is needed.
 */
final class LongModeLoop implements AutoCloseable {
    /** Three instructions each: 30,000 instructions are some 10 us natively and 30 ms interpreted. */
    private static final long ITERATIONS = 10_000;
    private static final int TRIES = 5;
    /** Further tries of a slow guest tell nothing new. */
    private static final long ENOUGH_NANOS = 100_000_000;
    /** A guest that is not through by now is stuck. */
    private static final long DEADLINE_SECONDS = 5;

    /** mov rcx, rdi; xor eax, eax; again: add rax, rcx; dec rcx; jnz again. */
    private static final byte[] LOOP = {
        0x48, (byte) 0x89, (byte) 0xf9, 0x31, (byte) 0xc0, 0x48, 0x01, (byte) 0xc8, 0x48, (byte) 0xff, (byte) 0xc9, 0x75, (byte) 0xf8
    };
    private static final byte HLT = (byte) 0xf4;
    private static final byte RET = (byte) 0xc3;

    /** Guest-physical addresses; one 2 MiB page maps the first of them one to one (SDM vol. 3, 4.5.4). */
    private static final long PML4 = 0x1000;
    private static final long PDPT = 0x2000;
    private static final long DIRECTORY = 0x3000;
    private static final long CODE = 0x4000;
    private static final long MEMORY = 0x8000;
    private static final long PRESENT_WRITABLE = 3;
    private static final long PAGE_2M = 1 << 7;
    /** Three pages that Intel's processors need for real mode; anywhere outside the guest's memory (api.rst, 4.41). */
    private static final long TSS_ADDRESS = 0xfffbd000L;

    private static final long CR0_PE_ET_PG = 1L << 31 | 1 << 4 | 1;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME_LMA = 1 << 8 | 1 << 10;
    private static final long RFLAGS_FIXED = 2;
    private static final byte CODE_ACCESSED = 0xb;
    private static final byte DATA_ACCESSED = 0x3;
    private static final byte BUSY_TSS = 0xb;
    private static final int SIGNAL_MASK_BYTES = 8;

    private final Arena arena = Arena.ofConfined();
    private final MemoryMapping memory = MemoryMapping.anonymous(MEMORY, Protection.READ_WRITE);
    private FileDescriptor machine;
    private FileDescriptor cpu;
    private MemoryMapping shared;

    /** Runs the loop in a guest and in this process. */
    static LoopTimes time(FileDescriptor kvm) throws GuestLoopException {
        try (LongModeLoop guest = new LongModeLoop()) {
            guest.build(kvm);
            return new LoopTimes(guest.shortest(), shortestNative());
        }
    }

    private void build(FileDescriptor kvm) {
        machine = FileDescriptor.owning(kvm.ioctl("KVM_CREATE_VM", kvm_h.KVM_CREATE_VM(), 0), kvm.name());
        machine.ioctl("KVM_SET_TSS_ADDR", kvm_h.KVM_SET_TSS_ADDR(), TSS_ADDRESS);
        MemorySegment ram = memory.segment();
        ram.set(ValueLayout.JAVA_LONG, PML4, PDPT | PRESENT_WRITABLE);
        ram.set(ValueLayout.JAVA_LONG, PDPT, DIRECTORY | PRESENT_WRITABLE);
        ram.set(ValueLayout.JAVA_LONG, DIRECTORY, PAGE_2M | PRESENT_WRITABLE);
        MemorySegment.copy(MemorySegment.ofArray(LOOP), 0, ram, CODE, LOOP.length);
        ram.set(ValueLayout.JAVA_BYTE, CODE + LOOP.length, HLT);

        MemorySegment region = kvm_userspace_memory_region.allocate(arena);
        kvm_userspace_memory_region.memory_size(region, MEMORY);
        kvm_userspace_memory_region.userspace_addr(region, memory.address());
        machine.ioctl("KVM_SET_USER_MEMORY_REGION", kvm_h.KVM_SET_USER_MEMORY_REGION(), region);
        cpu = FileDescriptor.owning(machine.ioctl("KVM_CREATE_VCPU", kvm_h.KVM_CREATE_VCPU(), 0), kvm.name());
        int size = kvm.ioctl("KVM_GET_VCPU_MMAP_SIZE", kvm_h.KVM_GET_VCPU_MMAP_SIZE(), 0);
        shared = MemoryMapping.shared(cpu.number(), 0, size, Protection.READ_WRITE);
        enterLongMode();
    }

    private void enterLongMode() {
        MemorySegment sregs = kvm_sregs.allocate(arena);
        cpu.ioctl("KVM_GET_SREGS", kvm_h.KVM_GET_SREGS(), sregs);
        flat(kvm_sregs.cs(sregs), 0x08, CODE_ACCESSED);
        kvm_segment.l(kvm_sregs.cs(sregs), (byte) 1);
        kvm_segment.db(kvm_sregs.cs(sregs), (byte) 0);
        flat(kvm_sregs.ds(sregs), 0x10, DATA_ACCESSED);
        flat(kvm_sregs.es(sregs), 0x10, DATA_ACCESSED);
        flat(kvm_sregs.fs(sregs), 0x10, DATA_ACCESSED);
        flat(kvm_sregs.gs(sregs), 0x10, DATA_ACCESSED);
        flat(kvm_sregs.ss(sregs), 0x10, DATA_ACCESSED);
        // VM entry into 64-bit mode asks for a busy 64-bit TSS (SDM vol. 3, "Checks on Guest Segment Registers").
        kvm_segment.type(kvm_sregs.tr(sregs), BUSY_TSS);
        // No interrupt and no exception is expected: with empty tables one ends in shutdown, which is told.
        kvm_dtable.limit(kvm_sregs.gdt(sregs), (short) 0);
        kvm_dtable.limit(kvm_sregs.idt(sregs), (short) 0);
        kvm_sregs.cr3(sregs, PML4);
        kvm_sregs.cr4(sregs, CR4_PAE);
        kvm_sregs.cr0(sregs, CR0_PE_ET_PG);
        kvm_sregs.efer(sregs, EFER_LME_LMA);
        cpu.ioctl("KVM_SET_SREGS", kvm_h.KVM_SET_SREGS(), sregs);
    }

    private static void flat(MemorySegment segment, int selector, byte type) {
        kvm_segment.base(segment, 0);
        kvm_segment.limit(segment, 0xffff_ffff);
        kvm_segment.selector(segment, (short) selector);
        kvm_segment.type(segment, type);
        kvm_segment.present(segment, (byte) 1);
        kvm_segment.dpl(segment, (byte) 0);
        kvm_segment.db(segment, (byte) 1);
        kvm_segment.s(segment, (byte) 1);
        kvm_segment.l(segment, (byte) 0);
        kvm_segment.g(segment, (byte) 1);
        kvm_segment.unusable(segment, (byte) 0);
    }

    private long shortest() throws GuestLoopException {
        CountDownLatch done = new CountDownLatch(1);
        try (ThreadKick kick = ThreadKick.forCurrentThread()) {
            MemorySegment mask = kvm_signal_mask.allocate(SIGNAL_MASK_BYTES, arena);
            kvm_signal_mask.len(mask, SIGNAL_MASK_BYTES);
            MemorySegment.copy(kick.maskInside(), 0, mask, kvm_signal_mask.sigset$offset(), SIGNAL_MASK_BYTES);
            cpu.ioctl("KVM_SET_SIGNAL_MASK", kvm_h.KVM_SET_SIGNAL_MASK(), mask);
            Thread.ofPlatform().daemon().name("quoll-kvm-probe").start(() -> kickWhenLate(done, kick));

            long shortest = Long.MAX_VALUE;
            long begin = System.nanoTime();
            for (int i = 0; i < TRIES && System.nanoTime() - begin < ENOUGH_NANOS; i++) {
                shortest = Math.min(shortest, once());
            }
            return shortest;
        } finally {
            done.countDown();
        }
    }

    private static void kickWhenLate(CountDownLatch done, ThreadKick kick) {
        try {
            if (!done.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                kick.kick();
            }
        } catch (InterruptedException e) {
            // Nobody knows this thread, so nobody interrupts it; should it happen, the guest loses its deadline.
            Thread.currentThread().interrupt();
        }
    }

    private long once() throws GuestLoopException {
        MemorySegment regs = kvm_regs.allocate(arena);
        kvm_regs.rip(regs, CODE);
        kvm_regs.rflags(regs, RFLAGS_FIXED);
        kvm_regs.rdi(regs, ITERATIONS);
        cpu.ioctl("KVM_SET_REGS", kvm_h.KVM_SET_REGS(), regs);
        long begin = System.nanoTime();
        try {
            cpu.ioctl("KVM_RUN", kvm_h.KVM_RUN(), 0);
        } catch (NativeException e) {
            if (e.is(Errno.EINTR)) {
                throw new GuestLoopException("a short guest on the host's KVM was not through in %d seconds".formatted(DEADLINE_SECONDS));
            }
            throw e;
        }
        long nanos = System.nanoTime() - begin;
        int reason = kvm_run.exit_reason(shared.segment());
        if (reason != kvm_h.KVM_EXIT_HLT()) {
            throw new GuestLoopException("a short guest on the host's KVM ended with exit reason %d, not with its halt".formatted(reason));
        }
        cpu.ioctl("KVM_GET_REGS", kvm_h.KVM_GET_REGS(), regs);
        requireSum(kvm_regs.rax(regs));
        return nanos;
    }

    private static long shortestNative() throws GuestLoopException {
        try (ExecutableMemory code = ExecutableMemory.allocate(LOOP.length + 1)) {
            long entry = code.write(0, LOOP);
            code.write(LOOP.length, new byte[] {RET});
            long shortest = Long.MAX_VALUE;
            for (int i = 0; i < TRIES; i++) {
                long begin = System.nanoTime();
                long sum = CodeEntry.call(entry, ITERATIONS);
                shortest = Math.min(shortest, System.nanoTime() - begin);
                requireSum(sum);
            }
            return shortest;
        }
    }

    private static void requireSum(long sum) throws GuestLoopException {
        long right = ITERATIONS * (ITERATIONS + 1) / 2;
        if (sum != right) {
            throw new GuestLoopException("a short loop added up to %d instead of %d".formatted(sum, right));
        }
    }

    @Override
    public void close() {
        if (shared != null) {
            shared.close();
        }
        if (cpu != null) {
            cpu.close();
        }
        if (machine != null) {
            machine.close();
        }
        memory.close();
        arena.close();
    }
}
