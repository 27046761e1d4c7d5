package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.VirtualCpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a port exit costs through the Java loop, beside the same guest under a loop in C, compiled here, in turns. */
@RequiresKvm
@Tag("long")
@Timeout(300)
class ExitCostTest {
    private static final int EXITS = 20_000;
    private static final int ROUNDS = 5;
    private static final int STOP = 0xf4;
    /** mov cx, 20000; again: out 0e9h, al; loop again; out 0f4h, al; jmp $. */
    private static final String GUEST = "b9 20 4e  e6 e9  e2 fc  e6 f4  eb fe";
    /** Processor time of the thread, kernel included, that the Java loop may take more for one exit. */
    private static final double MORE_NANOS = 200;

    private static final String PROGRAM = """
            #include <fcntl.h>
            #include <linux/kvm.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/ioctl.h>
            #include <sys/mman.h>
            #include <time.h>
            static long long now(void) {
                struct timespec t;
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
                return t.tv_sec * 1000000000LL + t.tv_nsec;
            }
            int main(void) {
                static const unsigned char code[] = {0xb9, 0x20, 0x4e, 0xe6, 0xe9, 0xe2, 0xfc, 0xe6, 0xf4, 0xeb, 0xfe};
                int kvm = open("/dev/kvm", O_RDWR);
                int vm = ioctl(kvm, KVM_CREATE_VM, 0);
                ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000);
                struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};
                ioctl(vm, KVM_ENABLE_CAP, &split);
                unsigned char *memory = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                memcpy(memory + 0x8000, code, sizeof code);
                struct kvm_userspace_memory_region region = {.memory_size = 65536, .userspace_addr = (unsigned long) memory};
                ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
                int cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
                struct kvm_run *run = mmap(0, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
                struct kvm_sregs sregs;
                ioctl(cpu, KVM_GET_SREGS, &sregs);
                sregs.cs.base = 0;
                sregs.cs.selector = 0;
                ioctl(cpu, KVM_SET_SREGS, &sregs);
                long long least = -1;
                volatile unsigned char sink;
                for (int round = 0; round < 5; round++) {
                    struct kvm_regs regs = {.rip = 0x8000, .rflags = 2};
                    ioctl(cpu, KVM_SET_REGS, &regs);
                    long long begin = now();
                    for (;;) {
                        if (ioctl(cpu, KVM_RUN, 0) < 0 || run->exit_reason != KVM_EXIT_IO) return 1;
                        sink = *((unsigned char *) run + run->io.data_offset);
                        if (run->io.port == 0xf4) break;
                    }
                    long long taken = now() - begin;
                    if (least < 0 || taken < least) least = taken;
                }
                printf("%lld", least);
                return 0;
            }
            """;

    @TempDir
    private Path folder;

    private double c() throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve("loop.c"), PROGRAM);
        Path program = folder.resolve("loop");
        if (!Files.exists(program)) {
            try {
                Process compiler = new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString()).inheritIO().start();
                assertThat(compiler.waitFor()).isZero();
            } catch (IOException e) {
                abort("no C compiler: " + e.getMessage());
            }
        }
        Process loop = new ProcessBuilder(program.toString()).start();
        String nanos = new String(loop.getInputStream().readAllBytes());
        assertThat(loop.waitFor()).isZero();
        return Double.parseDouble(nanos) / EXITS;
    }

    private static double java() throws Exception {
        try (BareGuest guest = BareGuest.real(GUEST)) {
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            guest.machine.ports().unregister(BareGuest.OUT);
            guest.machine.ports().register(BareGuest.OUT, 1, AccessWidths.BYTE, port(() -> {}));
            guest.machine.ports().register(STOP, 1, AccessWidths.BYTE, port(cpu::kick));
            guest.load();
            CpuElement start = cpu.read(CpuElement.Kind.GENERAL);
            double least = Double.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                cpu.write(start);
                long begin = processorTime();
                assertThat(cpu.run()).isEqualTo(CpuExit.Kicked.INSTANCE);
                least = Math.min(least, (double) (processorTime() - begin) / EXITS);
            }
            return least;
        }
    }

    private static PortDevice port(Runnable onWrite) {
        return new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                return 0;
            }

            @Override
            public void writePort(int offset, int width, int value) {
                onWrite.run();
            }
        };
    }

    /** Of this thread; the module that has it is not on the module path of tests. */
    private static long processorTime() throws ReflectiveOperationException {
        Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
        return (long) Class.forName("java.lang.management.ThreadMXBean")
                .getMethod("getCurrentThreadCpuTime")
                .invoke(threads);
    }

    @Test
    void aPortExitCostsHardlyMoreThanInC() throws Exception {
        double c = Double.MAX_VALUE;
        double java = Double.MAX_VALUE;
        for (int turn = 0; turn < 3; turn++) {
            c = Math.min(c, c());
            java = Math.min(java, java());
        }
        System.out.printf("port exit: %.0f ns of processor time in C, %.0f ns in Java%n", c, java);
        assertThat(java - c).isLessThan(MORE_NANOS);
    }
}
