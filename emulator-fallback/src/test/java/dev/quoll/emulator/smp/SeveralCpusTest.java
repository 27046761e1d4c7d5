package dev.quoll.emulator.smp;

import static dev.quoll.emulator.smp.BareGuest.DATA;
import static dev.quoll.emulator.smp.BareGuest.PAGE;
import static dev.quoll.emulator.smp.BareGuest.R10;
import static dev.quoll.emulator.smp.BareGuest.R11;
import static dev.quoll.emulator.smp.BareGuest.R8;
import static dev.quoll.emulator.smp.BareGuest.R9;
import static dev.quoll.emulator.smp.BareGuest.RCX;
import static dev.quoll.emulator.smp.BareGuest.RDI;
import static dev.quoll.emulator.smp.BareGuest.RSI;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.machine.Outcome;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several vCPUs on bare metal: start-up, interprocessor interrupts, and what locked instructions and code promise each other. */
@Timeout(180)
class SeveralCpusTest {
    /** mov eax, 0; ret */
    private static final String FUNCTION = "b8 00 00 00 00 c3";

    private static final int IPI = 0x40;
    /** Counts in [r9], leaves the time in [r9+8]. */
    private static final String IPI_HANDLER = """
            50                                   # push rax
            52                                   # push rdx
            0f 31                                # rdtsc
            48 c1 e2 20                          # shl rdx,0x20
            48 09 d0                             # or rax,rdx
            49 89 41 08                          # mov qword [r9+0x8],rax
            49 ff 01                             # inc qword [r9]
            b8 b0 00 e0 fe                       # mov eax,0xfee000b0
            c7 00 00 00 00 00                    # mov dword [rax],0x0
            5a                                   # pop rdx
            58                                   # pop rax
            48 cf                                # iretq
            """;

    /** Turns its APIC on and sleeps until [r8] says it is enough. */
    private static final String SLEEPER = """
            b8 f0 00 e0 fe                       # mov eax,0xfee000f0
            c7 00 ff 01 00 00                    # mov dword [rax],0x1ff
            f0 49 ff 41 10                       # lock inc qword [r9+0x10]: it takes interrupts now
            fa                                   # cli, so that none comes between the look and the sleep
            49 83 38 00                          # cmp qword [r8],0x0
            75 04                                # jne 0x1b
            fb                                   # sti
            f4                                   # hlt
            eb f5                                # jmp 0x10
            f4                                   # hlt
            """;

    @ParameterizedTest
    @ValueSource(ints = {2, 64})
    void startUpInterrupts(int cpus) throws Exception {
        try (BareGuest guest = new BareGuest(cpus)) {
            // To all but itself: INIT, two start-up IPIs, and one that comes too late.
            guest.cpu(0, """
                    bf 00 03 e0 fe                       # mov edi,0xfee00300
            c7 07 00 45 0c 00                    # mov dword [rdi],0xc4500
            c7 07 08 46 0c 00                    # mov dword [rdi],0xc4608
            c7 07 08 46 0c 00                    # mov dword [rdi],0xc4608
            f3 90                                # pause
            66 39 0c 25 00 90 00 00              # cmp word ds:0x9000,cx
            75 f4                                # jne 0x1d
            c7 07 08 46 0c 00                    # mov dword [rdi],0xc4608
            f4                                   # hlt
                    """);
            guest.register(0, RCX, cpus - 1);
            guest.place(0x8000, """
                    8c c8                                # mov ax,cs
            31 db                                # xor bx,bx
            8e db                                # mov ds,bx
            f0 ff 06 00 90                       # lock inc word ds:0x9000
            a3 02 90                             # mov ds:0x9002,ax
            66 89 e0                             # mov eax,esp
            66 a3 04 90                          # mov ds:0x9004,eax
            fa                                   # cli
            f4                                   # hlt
                    """);
            guest.run();
            assertThat(guest.read16(0x9000)).as("CPUs that came").isEqualTo(cpus - 1);
            assertThat(guest.read16(0x9002)).as("CS").isEqualTo(0x800);
            assertThat(guest.read32(0x9004)).as("ESP").isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void lockedInstructionsCountExactly(int cpus) throws Exception {
        int rounds = 5_000;
        try (BareGuest guest = new BareGuest(cpus)) {
            for (int cpu = 0; cpu < cpus; cpu++) {
                guest.cpu(cpu, """
                        f0 49 ff 00                          # lock inc qword [r8]
            f3 90                                # pause
            4d 39 08                             # cmp qword [r8],r9
            75 f9                                # jne 0x4
            f0 48 ff 06                          # lock inc qword [rsi]
            f0 80 46 09 01                       # lock add byte [rsi+0x9],0x1
            66 f0 83 46 11 03                    # lock add word [rsi+0x11],0x3
            f0 83 46 19 05                       # lock add dword [rsi+0x19],0x5
            b8 01 00 00 00                       # mov eax,0x1
            f0 0f c1 46 20                       # lock xadd dword [rsi+0x20],eax
            48 8b 46 28                          # mov rax,qword [rsi+0x28]
            48 8d 58 07                          # lea rbx,[rax+0x7]
            f0 48 0f b1 5e 28                    # lock cmpxchg qword [rsi+0x28],rbx
            75 f4                                # jne 0x2d
            ba 01 00 00 00                       # mov edx,0x1
            f3 90                                # pause
            87 56 40                             # xchg dword [rsi+0x40],edx
            85 d2                                # test edx,edx
            75 f7                                # jne 0x3e
            48 ff 46 48                          # inc qword [rsi+0x48]
            c7 46 40 00 00 00 00                 # mov dword [rsi+0x40],0x0
            48 ff c9                             # dec rcx
            75 b4                                # jne 0xb
            f4                                   # hlt
                        """);
            }
            guest.register(RCX, rounds).register(RSI, DATA).register(R8, DATA + 0x100).register(R9, cpus).run();
            long total = (long) rounds * cpus;
            assertThat(guest.read64(DATA)).as("inc").isEqualTo(total);
            assertThat(guest.read64(DATA + 8)).as("add byte").isEqualTo((total & 0xff) << 8);
            assertThat(guest.read64(DATA + 16)).as("add misaligned word").isEqualTo((3 * total & 0xffff) << 8);
            assertThat(guest.read64(DATA + 24)).as("add misaligned dword").isEqualTo(5 * total << 8);
            assertThat(guest.read64(DATA + 32)).as("xadd").isEqualTo(total);
            assertThat(guest.read64(DATA + 40)).as("cmpxchg").isEqualTo(7 * total);
            assertThat(guest.read64(DATA + 72)).as("plain inc behind a lock of xchg and mov").isEqualTo(total);
        }
    }

    /** In RAM, and in a page of code, where no instruction of the host's will do. */
    @ParameterizedTest
    @ValueSource(longs = {DATA, PAGE + 0x40})
    void sixteenBytesChangeTogether(long address) throws Exception {
        int rounds = 2_000;
        try (BareGuest guest = new BareGuest(3)) {
            guest.place(PAGE, """
                    48 8b 06                             # mov rax,qword [rsi]
            48 8b 56 08                          # mov rdx,qword [rsi+0x8]
            48 8d 58 01                          # lea rbx,[rax+0x1]
            48 8d 4a ff                          # lea rcx,[rdx-0x1]
            f0 48 0f c7 0e                       # lock cmpxchg16b oword [rsi]
            75 f1                                # jne 0x7
            48 ff cf                             # dec rdi
            75 e5                                # jne 0x0
            f4                                   # hlt
                    """);
            for (int cpu = 0; cpu < 3; cpu++) {
                guest.cpuAt(cpu, PAGE);
            }
            guest.register(RDI, rounds).register(RSI, address).run();
            assertThat(guest.read64(address)).isEqualTo(3 * rounds);
            assertThat(guest.read64(address + 8)).isEqualTo(-3 * rounds);
        }
    }

    /** One adds to the lower half, the other stores to the upper half, each sure of its own. */
    @ParameterizedTest
    @ValueSource(longs = {DATA + 0x1000 - 2, DATA + 0x1000 - 64 - 2, DATA + 6})
    void splitLockedAccessLosesNoPlainStore(long address) throws Exception {
        int rounds = 10_000;
        try (BareGuest guest = new BareGuest(2)) {
            guest.cpu(0, """
                    f0 41 83 02 01                       # lock add dword [r10],0x1
            48 ff c9                             # dec rcx
            75 f6                                # jne 0x0
            49 c7 00 01 00 00 00                 # mov qword [r8],0x1
            f4                                   # hlt
                    """);
            guest.cpu(1, """
                    ff c1                                # inc ecx
            66 41 89 4a 02                       # mov word [r10+0x2],cx
            f3 90                                # pause
            66 41 39 4a 02                       # cmp word [r10+0x2],cx
            74 03                                # je 0x13
            49 ff 01                             # inc qword [r9]
            49 83 38 00                          # cmp qword [r8],0x0
            74 e7                                # je 0x0
            f4                                   # hlt
                    """);
            guest.register(0, RCX, rounds).register(R8, DATA + 0x2000).register(R9, DATA + 0x2040).register(R10, address);
            guest.run();
            assertThat(guest.read16(address)).as("additions").isEqualTo(rounds);
            assertThat(guest.read64(DATA + 0x2040)).as("stores that did not last").isZero();
        }
    }

    /** A locked counter beside the code that counts: in one piece, and split. */
    @ParameterizedTest
    @ValueSource(ints = {0x18, 0x11})
    void lockedCounterBesideCode(int offset) throws Exception {
        int rounds = 300;
        try (BareGuest guest = new BareGuest(3)) {
            String code = """
                    f0 48 ff 05 09 00 00 00              # lock inc qword [rip+0x9]
            48 ff c9                             # dec rcx
            75 f3                                # jne 0x0
            f4                                   # hlt
            90                                   # nop
            90                                   # nop
            90                                   # nop
                    """;
            guest.place(PAGE, code.replaceFirst("05 09", "05 %02x".formatted(offset - 8)));
            for (int cpu = 0; cpu < 3; cpu++) {
                guest.cpuAt(cpu, PAGE);
            }
            guest.register(RCX, rounds).run();
            assertThat(guest.read64(PAGE + offset)).isEqualTo(3 * rounds);
        }
    }

    /** A store to another CPU's code, then a flag; the other one sees the flag, serialises and must run the new code. */
    @ParameterizedTest
    @ValueSource(longs = {PAGE + 3, PAGE + 0x1000 - 2})
    void codeStoredBeforeAFlagRunsBehindIt(long function) throws Exception {
        try (BareGuest guest = new BareGuest(2)) {
            guest.cpu(0, """
                    41 89 4a 01                          # mov dword [r10+0x1],ecx
            49 89 08                             # mov qword [r8],rcx
            f3 90                                # pause
            49 39 09                             # cmp qword [r9],rcx
            75 f9                                # jne 0x7
            48 ff c9                             # dec rcx
            75 ed                                # jne 0x0
            f4                                   # hlt
                    """);
            guest.cpu(1, """
                    f3 90                                # pause
            4d 8b 20                             # mov r12,qword [r8]
            4d 39 ec                             # cmp r12,r13
            74 f6                                # je 0x0
            4d 89 e5                             # mov r13,r12
            0f a2                                # cpuid
            41 ff d2                             # call r10
            44 39 e0                             # cmp eax,r12d
            75 09                                # jne 0x20
            4d 89 21                             # mov qword [r9],r12
            49 83 fc 01                          # cmp r12,0x1
            75 e0                                # jne 0x0
            41 89 03                             # mov dword [r11],eax
            f4                                   # hlt
                    """);
            guest.place(function, FUNCTION);
            guest.register(0, RCX, 2_000).register(R8, DATA).register(R9, DATA + 64).register(R10, function);
            guest.register(R11, DATA + 128).run();
            assertThat(guest.read32(DATA + 128)).as("the last result").isEqualTo(1);
        }
    }

    /** The same without waiting for each other: what is run is never older than the flag. */
    @Test
    void codeStoredWhileItRunsIsNeverOlderThanTheFlag() throws Exception {
        try (BareGuest guest = new BareGuest(2)) {
            guest.cpu(0, """
                    ff c2                                # inc edx
            41 89 52 01                          # mov dword [r10+0x1],edx
            41 89 10                             # mov dword [r8],edx
            48 ff c9                             # dec rcx
            75 f2                                # jne 0x0
            41 c7 01 01 00 00 00                 # mov dword [r9],0x1
            f4                                   # hlt
                    """);
            guest.cpu(1, """
                    45 8b 20                             # mov r12d,dword [r8]
            31 c0                                # xor eax,eax
            0f a2                                # cpuid
            41 ff d2                             # call r10
            44 39 e0                             # cmp eax,r12d
            73 03                                # jae 0x12
            49 ff 03                             # inc qword [r11]
            49 ff 43 08                          # inc qword [r11+0x8]
            41 83 39 00                          # cmp dword [r9],0x0
            74 e4                                # je 0x0
            f4                                   # hlt
                    """);
            guest.place(PAGE + 3, FUNCTION);
            guest.register(0, RCX, 20_000).register(R8, DATA).register(R9, DATA + 64).register(R10, PAGE + 3);
            guest.register(R11, DATA + 128).run();
            assertThat(guest.read64(DATA + 128)).as("results older than the flag").isZero();
            assertThat(guest.read64(DATA + 136)).as("rounds").isPositive();
        }
    }

    @Test
    void storeBreaksAnotherCpusLoop() throws Exception {
        try (BareGuest guest = new BareGuest(2)) {
            guest.cpu(0, """
                    f3 90                                # pause
            41 83 38 00                          # cmp dword [r8],0x0
            74 f8                                # je 0x0
            48 ff c9                             # dec rcx
            75 f3                                # jne 0x0
            41 c6 02 00                          # mov byte [r10],0x0
            f4                                   # hlt
                    """);
            guest.place(PAGE, """
                    41 c7 00 01 00 00 00                 # mov dword [r8],0x1
            48 ff c0                             # inc rax
            eb fb                                # jmp 0x7
            49 89 01                             # mov qword [r9],rax
            f4                                   # hlt
                    """);
            guest.cpuAt(1, PAGE);
            // The displacement of the jump.
            guest.register(0, RCX, 2_000).register(R8, DATA).register(R9, DATA + 64).register(R10, PAGE + 11).run();
            assertThat(guest.read64(DATA + 64)).as("rounds").isPositive();
        }
    }

    /** INT3, the tail, the head, with an interrupt of the other CPU between: how Linux changes code that runs. */
    @Test
    void codeChangedUnderABreakpoint() throws Exception {
        try (BareGuest guest = new BareGuest(2)) {
            guest.cpu(0, """
                    f3 90                                # pause, until the other takes interrupts
            49 83 7b 08 00                       # cmp qword [r11+0x8],0x0
            74 f7                                # je 0x0
            bb 22 22 22 22                       # mov ebx,0x22222222
            41 bc 00 03 e0 fe                    # mov r12d,0xfee00300
            41 c6 02 cc                          # mov byte [r10],0xcc
            e8 25 00 00 00                       # call 0x39
            41 89 5a 01                          # mov dword [r10+0x1],ebx
            e8 1c 00 00 00                       # call 0x39
            41 c6 02 b8                          # mov byte [r10],0xb8
            e8 13 00 00 00                       # call 0x39
            81 f3 33 33 33 33                    # xor ebx,0x33333333
            48 ff c9                             # dec rcx
            75 da                                # jne 0xb
            49 c7 00 01 00 00 00                 # mov qword [r8],0x1
            f4                                   # hlt
            49 8b 01                             # mov rax,qword [r9]
            48 ff c0                             # inc rax
            41 c7 04 24 40 40 0c 00              # mov dword [r12],0xc4040
            f3 90                                # pause
            49 39 01                             # cmp qword [r9],rax
            75 f9                                # jne 0x47
            c3                                   # ret
                    """);
            guest.cpu(1, """
                    b8 f0 00 e0 fe                       # mov eax,0xfee000f0
            c7 00 ff 01 00 00                    # mov dword [rax],0x1ff
            fb                                   # sti
            41 ff d2                             # call r10
            3d 11 11 11 11                       # cmp eax,0x11111111
            74 11                                # je 0x27
            3d 22 22 22 22                       # cmp eax,0x22222222
            74 0a                                # je 0x27
            3d 33 33 33 33                       # cmp eax,0x33333333
            74 03                                # je 0x27
            41 89 03                             # mov dword [r11],eax
            49 ff 43 08                          # inc qword [r11+0x8]
            49 83 38 00                          # cmp qword [r8],0x0
            74 db                                # je 0xc
            fa                                   # cli
            f4                                   # hlt
                    """);
            guest.handler(3, """
                    b8 33 33 33 33                       # mov eax,0x33333333
            48 83 04 24 04                       # add qword [rsp],0x4
            48 cf                                # iretq
                    """);
            guest.handler(IPI, IPI_HANDLER);
            guest.place(PAGE + 0x7d, FUNCTION.replace("00", "11"));
            guest.register(0, RCX, 50).register(R8, DATA).register(R9, DATA + 64).register(R10, PAGE + 0x7d);
            guest.register(R11, DATA + 128).run();
            assertThat(guest.read32(DATA + 128)).as("a result that is neither code's").isZero();
            assertThat(guest.read64(DATA + 136)).as("calls").isPositive();
            assertThat(guest.read64(DATA + 64)).as("interrupts").isEqualTo(150);
        }
    }

    @Test
    void interruptWakesASleeperWithin100Microseconds() throws Exception {
        try (BareGuest guest = new BareGuest(2)) {
            guest.cpu(0, """
                    f3 90                                # pause, until the other takes interrupts
            49 83 79 10 00                       # cmp qword [r9+0x10],0x0
            74 f7                                # je 0x0
            41 bc 00 03 e0 fe                    # mov r12d,0xfee00300
            49 c7 03 ff ff ff ff                 # mov qword [r11],0xffffffffffffffff
            e8 54 00 00 00                       # call 0x66
            48 8d 98 e0 93 04 00                 # lea rbx,[rax+0x493e0]
            f3 90                                # pause
            e8 46 00 00 00                       # call 0x66
            48 39 d8                             # cmp rax,rbx
            72 f4                                # jb 0x19
            4d 8b 29                             # mov r13,qword [r9]
            49 ff c5                             # inc r13
            e8 36 00 00 00                       # call 0x66
            48 89 c3                             # mov rbx,rax
            41 c7 04 24 40 40 0c 00              # mov dword [r12],0xc4040
            f3 90                                # pause
            4d 39 29                             # cmp qword [r9],r13
            75 f9                                # jne 0x3b
            49 8b 41 08                          # mov rax,qword [r9+0x8]
            48 29 d8                             # sub rax,rbx
            49 3b 03                             # cmp rax,qword [r11]
            73 03                                # jae 0x51
            49 89 03                             # mov qword [r11],rax
            48 ff c9                             # dec rcx
            75 b7                                # jne 0xd
            49 c7 00 01 00 00 00                 # mov qword [r8],0x1
            41 c7 04 24 40 40 0c 00              # mov dword [r12],0xc4040
            f4                                   # hlt
            0f 31                                # rdtsc
            48 c1 e2 20                          # shl rdx,0x20
            48 09 d0                             # or rax,rdx
            c3                                   # ret
                    """);
            guest.cpu(1, SLEEPER).handler(IPI, IPI_HANDLER);
            guest.register(0, RCX, 300).register(R8, DATA).register(R9, DATA + 64).register(R11, DATA + 128).run();
            assertThat(guest.read64(DATA + 64)).as("interrupts").isEqualTo(301);
            // The host may have other things to do most of the time, but not always.
            assertThat(guest.read64(DATA + 128)).as("nanoseconds, the best of 300").isBetween(1L, 100_000L);
        }
    }

    @Test
    void sleepingCpusCostNothing() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/schedstat")), "the host does not tell a thread's time");
        try (BareGuest guest = new BareGuest(3)) {
            for (int cpu = 0; cpu < 3; cpu++) {
                guest.cpu(cpu, SLEEPER);
            }
            guest.register(R8, DATA).register(R9, DATA + 64);
            guest.machine().start();
            await(() -> guest.read64(DATA + 64 + 16) == 3, "all CPUs take interrupts");
            TimeUnit.MILLISECONDS.sleep(500);
            long before = cpuTimeOfCpus();
            TimeUnit.SECONDS.sleep(1);
            assertThat(cpuTimeOfCpus() - before).as("nanoseconds of three CPUs in one second").isLessThan(20_000_000);
        }
    }

    private static void await(BooleanSupplier condition, String what) throws InterruptedException {
        for (int i = 0; i < 3000 && !condition.getAsBoolean(); i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(condition.getAsBoolean()).as(what).isTrue();
    }

    /** Also of machines that other tests have left, which would be a finding of its own. */
    private static long cpuTimeOfCpus() throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                if (Files.readString(thread.resolve("comm")).startsWith("quoll-vcpu-")) {
                    sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
                }
            }
        }
        return sum;
    }

    @Test
    void pauseResetAndStopWhileAllRun() throws Exception {
        try (BareGuest guest = new BareGuest(4)) {
            for (int cpu = 0; cpu < 4; cpu++) {
                // Split, so that they keep stopping each other: lock inc qword [r10]; jmp back.
                guest.cpu(cpu, "f0 49 ff 02 eb fa");
            }
            guest.register(R10, DATA + 0x1000 - 4);
            guest.machine().start();
            for (int round = 0; round < 20; round++) {
                TimeUnit.MILLISECONDS.sleep(10);
                assertThat(guest.machine().pause()).isTrue();
                long count = guest.read64(DATA + 0x1000 - 4);
                TimeUnit.MILLISECONDS.sleep(2);
                assertThat(guest.read64(DATA + 0x1000 - 4)).isEqualTo(count);
                assertThat(guest.machine().resume()).isTrue();
                if (round % 5 == 4) {
                    assertThat(guest.machine().reset()).isTrue();
                }
            }
            guest.machine().stop();
            assertThat(guest.machine().await()).isInstanceOf(Outcome.Stopped.class);
        }
    }

    /** A device writes to the code that CPUs run while they keep stopping each other; at last it writes HLT. */
    @Test
    void deviceWritesToCodeWhileCpusStopEachOther() throws Exception {
        try (BareGuest guest = new BareGuest(3)) {
            // lock inc qword [r10], split; jmp back.
            guest.place(PAGE, "f0 49 ff 02 eb fa");
            for (int cpu = 0; cpu < 3; cpu++) {
                guest.cpuAt(cpu, PAGE);
            }
            guest.register(R10, DATA + 0x1000 - 4);
            guest.machine().start();
            for (int i = 0; i < 30_000; i++) {
                guest.machine().memory().writeShort(PAGE + 4, (short) 0xfaeb);
            }
            long before = guest.read64(DATA + 0x1000 - 4);
            await(() -> guest.read64(DATA + 0x1000 - 4) > before, "the CPUs count on after the writes");
            guest.machine().memory().writeShort(PAGE + 4, (short) 0x90f4);
            guest.finish();
        }
    }

    @Test
    void tripleFaultOfAnyCpuEndsTheMachine() throws Exception {
        try (BareGuest guest = new BareGuest(3)) {
            guest.cpu(0, "eb fe");
            guest.cpu(1, "eb fe");
            guest.cpu(2, "0f 0b");
            guest.machine().start();
            assertThat(guest.machine().await(1, TimeUnit.MINUTES)).hasValueSatisfying(
                    outcome -> assertThat(outcome).isInstanceOfSatisfying(
                            Outcome.Crashed.class, crash -> assertThat(crash.report()).startsWith("CPU 2 shut down: triple fault")));
        }
    }
}
