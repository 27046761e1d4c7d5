package dev.quoll.cli.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.cli.guests.OwnGuests;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.Disassembler.CodeBits;
import dev.quoll.machine.Engine;
import dev.quoll.machine.Machine;
import dev.quoll.machine.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a machine does, on every engine that works on this host: the same guests, the same results. */
@Timeout(120)
class EnginesTest {
    private static final long SECONDS = 60;

    private static List<Engine> engines() {
        return TestEngines.usable();
    }

    private static OwnGuest guest(int cpus, String source) {
        return new OwnGuest("test", "a test's", CodeBits.BITS_64, cpus, source);
    }

    private static Outcome end(GuestMachine guest) throws Exception {
        return guest.machine().await(SECONDS, TimeUnit.SECONDS).orElseThrow(() -> {
            guest.machine().pause();
            return new AssertionError("the guest did not end: "
                    + guest.machine().partition().cpu(0).read(CpuElement.Kind.GENERAL)
                    + System.lineSeparator()
                    + guest.machine().statistics());
        });
    }

    private static Outcome run(GuestMachine guest) throws Exception {
        guest.machine().start();
        return end(guest);
    }

    @Test
    void everyEngineThatWorksIsUnderTest() {
        assertThat(engines()).extracting(Engine::name).contains("emulator");
        if (Files.isWritable(Path.of("/dev/kvm"))) {
            assertThat(engines()).extracting(Engine::name).as("unusable: " + TestEngines.unusable()).contains("kvm");
        } else {
            Assumptions.abort("tested without KVM: " + TestEngines.unusable());
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void realModeSaysHello(Engine engine) throws Exception {
        OwnGuest hello = new OwnGuest("hello", "a test's", CodeBits.BITS_16, 1, """
                cpu0:
                MOV SI,text
                MOV DX,OUTPUT
                next:
                LODSB
                CMP AL,0
                JZ over
                OUT DX,AL
                JMP next
                over:
                CLI
                HLT
                text:
                DB "Hello from real mode."
                DB 0
                """);
        try (GuestMachine guest = new GuestMachine(hello, engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.output()).isEqualTo("Hello from real mode.");
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void pagingFaultsAndIsMended(Engine engine) throws Exception {
        try (GuestMachine guest = new GuestMachine(OwnGuests.named("paging").orElseThrow(), engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.data(0x8000)).as("page faults").isEqualTo(3);
            assertThat(guest.data(0x8008)).as("sum of error codes: not present, write protected, not present").isEqualTo(3);
            assertThat(guest.data(0x8010)).as("CR2").isEqualTo(0x4002_0000L);
            assertThat(guest.data(8) & 0x60).as("page 1 was read").isEqualTo(0x20);
            assertThat(guest.data(0x1_2010)).isEqualTo(0x77);
            assertThat(guest.data(0x1_4000)).as("written without CR0.WP").isEqualTo(6);
        }
    }

    /** Kernels turn XSAVE off, with warnings, where the parts do not add up (Linux, fpu__init_system_xstate). */
    @ParameterizedTest
    @MethodSource("engines")
    void everyStateComponentInCpuidHasItsSizeAndPlace(Engine engine) throws Exception {
        String source = """
                cpu0:
                MOV EAX,0xd
                MOV ECX,0
                CPUID
                MOV [DATA],EAX
                MOV [DATA+8],ECX
                MOV EAX,0xd
                MOV ECX,2
                CPUID
                MOV [DATA+16],EAX
                MOV [DATA+24],EBX
                CLI
                HLT
                """;
        try (GuestMachine guest = new GuestMachine(guest(1, source), engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            boolean avx = (guest.data(0) & 4) != 0;
            assertThat(guest.data(8)).as("size with all components").isEqualTo(avx ? 832 : guest.data(0) == 0 ? 0 : 576);
            assertThat(guest.data(16)).as("size of the upper halves").isEqualTo(avx ? 256 : 0);
            assertThat(guest.data(24)).as("their place").isEqualTo(avx ? 576 : 0);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void portsAndDeviceRegistersAreAccessedAsTheGuestDid(Engine engine) throws Exception {
        String source = """
                cpu0:
                MOV EDX,SCRATCH
                MOV EAX,0x12345678
                OUT DX,EAX
                MOV EDX,SCRATCH+1
                MOV EAX,0
                IN AL,DX
                MOV [DATA],EAX
                MOV AX,0xbeef
                MOV EDX,SCRATCH+2
                OUT DX,AX
                MOV EDX,SCRATCH
                IN EAX,DX
                MOV [DATA+8],EAX
                MOV EDX,0x5555                # nobody there
                IN EAX,DX
                MOV [DATA+16],EAX
                MOV RSI,text
                MOV ECX,11
                MOV EDX,OUTPUT
                REP OUTSB
                MOV RBX,REGISTERS
                MOV RAX,0x1122334455667788
                MOV [RBX+8],RAX
                MOV BYTE [RBX+9],0xaa
                MOV WORD [RBX+10],0xbbcc
                MOV DWORD [RBX+12],0x99aabbcc
                MOV RCX,[RBX+8]
                MOV [DATA+24],RCX
                MOVZX ECX,BYTE [RBX+9]
                MOV [DATA+32],RCX
                ADD DWORD [RBX+16],5          # read, then written
                ADD DWORD [RBX+16],5
                MOV RAX,[REGISTERS+0x100000]  # nobody there
                MOV [DATA+40],RAX
                CLI
                HLT
                text:
                DB "eleven here"
                """;
        try (GuestMachine guest = new GuestMachine(guest(1, source), engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.data(0)).isEqualTo(0x56);
            assertThat(guest.data(8)).isEqualTo(0xbeef5678L);
            assertThat(guest.data(16)).isEqualTo(0xffff_ffffL);
            assertThat(guest.output()).isEqualTo("eleven here");
            assertThat(guest.data(24)).isEqualTo(0x99aabbccbbccaa88L);
            assertThat(guest.data(32)).isEqualTo(0xaa);
            assertThat(guest.register(2)).isEqualTo(10);
            assertThat(guest.register(0)).as("accesses").isEqualTo(10);
            assertThat(guest.data(40)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void theLocalTimerWakesAHaltedCpu(Engine engine) throws Exception {
        String source = """
                cpu0:
                MOV RBX,APIC
                MOV DWORD [RBX+0xf0],0x1ff
                MOV DWORD [RBX+0x3e0],0xb
                MOV DWORD [RBX+0x320],0x40      # one-shot
                MOV R12,20
                again:
                MOV DWORD [RBX+0x380],2000000   # 2 ms
                STI
                HLT
                CLI
                DEC R12
                JNZ again
                HLT
                vector_40:
                INC QWORD [DATA]
                MOV DWORD [RBX+0xb0],0
                IRETQ
                """;
        try (GuestMachine guest = new GuestMachine(guest(1, source), engine)) {
            long start = System.nanoTime();
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.data(0)).isEqualTo(20);
            assertThat(System.nanoTime() - start).as("20 times 2 ms").isGreaterThanOrEqualTo(40_000_000L);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void initAndStartupWakeAnApplicationProcessor(Engine engine) throws Exception {
        String source = """
                cpu0:
                MOV RBX,APIC
                MOV DWORD [RBX+0xf0],0x1ff
                MOV DWORD [RBX+0x310],0x1000000 # to APIC 1
                MOV DWORD [RBX+0x300],0x4500    # INIT
                MOV DWORD [RBX+0x300],0x4609    # start at 0x9000
                wait:
                PAUSE
                CMP DWORD [0xc00],0x600d
                JNZ wait
                CLI
                HLT
                ALIGN 4096
                startup:
                DB 0x66,0xc7,0x06,0x00,0x0c,0x0d,0x60,0x00,0x00   # mov dword [0xc00],0x600d, in real mode
                DB 0x8c,0x0e,0x08,0x0c                            # mov [0xc08],cs
                DB 0xfa,0xf4                                      # cli, hlt
                """;
        try (GuestMachine guest = new GuestMachine(guest(2, source), engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.machine().memory().readShort(0xc08)).isEqualTo((short) 0x900);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void lockedCountersOfTwoCpusAreExact(Engine engine) throws Exception {
        String source = """
                cpu0:
                cpu1:
                MOV ECX,20000
                MOV RDX,1
                again:
                LOCK INC QWORD [DATA]
                MOV RAX,RDX
                LOCK XADD [DATA+64],RAX
                DEC ECX
                JNZ again
                CLI
                HLT
                """;
        try (GuestMachine guest = new GuestMachine(guest(2, source), engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.data(0)).isEqualTo(40_000);
            assertThat(guest.data(64)).isEqualTo(40_000);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void interprocessorInterruptsWakeEachOther(Engine engine) throws Exception {
        String source = """
                cpu0:
                MOV RBX,APIC
                MOV DWORD [RBX+0xf0],0x1ff
                wait:
                PAUSE
                CMP DWORD [DATA+64],1           # the other one listens
                JNZ wait
                MOV R12,50
                again:
                MOV DWORD [RBX+0x310],0x1000000
                MOV DWORD [RBX+0x300],0x4050
                STI
                HLT
                CLI
                DEC R12
                JNZ again
                MOV DWORD [RBX+0x300],0x4052
                HLT
                cpu1:
                MOV RBX,APIC
                MOV DWORD [RBX+0xf0],0x1ff
                MOV DWORD [DATA+64],1
                listen:
                STI
                HLT
                JMP listen
                vector_50:
                INC QWORD [DATA]
                MOV DWORD [RBX+0xb0],0
                MOV DWORD [RBX+0x310],0
                MOV DWORD [RBX+0x300],0x4051
                IRETQ
                vector_51:
                INC QWORD [DATA+8]
                MOV DWORD [RBX+0xb0],0
                IRETQ
                vector_52:
                CLI
                HLT
                """;
        try (GuestMachine guest = new GuestMachine(guest(2, source), engine)) {
            assertThat(run(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.data(0)).isEqualTo(50);
            assertThat(guest.data(8)).isEqualTo(50);
        }
    }

    /** Counts messages with vector 0x60, and ends at one with 0x61. */
    private static final String MESSAGES = """
            cpu0:
            MOV RBX,APIC
            MOV DWORD [RBX+0xf0],0x1ff
            MOV EDX,MSI
            MOV EAX,0x60
            STI
            OUT DX,EAX                       # from a device that the guest itself drives
            NOP
            listen:
            STI
            HLT
            JMP listen
            vector_60:
            INC QWORD [DATA]
            MOV DWORD [RBX+0xb0],0
            IRETQ
            vector_61:
            CLI
            HLT
            """;

    @ParameterizedTest
    @MethodSource("engines")
    void messagesFromAnotherThreadReachAHaltedCpu(Engine engine) throws Exception {
        try (GuestMachine guest = new GuestMachine(guest(1, MESSAGES), engine)) {
            Machine machine = guest.machine();
            machine.start();
            for (int seen = 1; seen <= 100; seen++) {
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
                while (guest.data(0) != seen) {
                    assertThat(System.nanoTime()).as("message %d", seen).isLessThan(deadline);
                    Thread.yield();
                }
                machine.partition().msiSink().signal(0xfee0_0000L, seen < 100 ? 0x60 : 0x61);
            }
            assertThat(end(guest)).isInstanceOf(Outcome.Halted.class);
            assertThat(guest.data(0)).isEqualTo(100);
        }
    }

    /** Two CPUs write to pages of their own; one of the pages holds code that both execute. */
    @ParameterizedTest
    @MethodSource("engines")
    void pagesThatTheGuestWritesAreTold(Engine engine) throws Exception {
        String source = """
                cpu0:
                MOV RBX,DATA+0x10000
                JMP again
                cpu1:
                MOV RBX,DATA+0x20000
                again:
                INC QWORD [RBX]
                MOV EAX,[RBX]
                MOV [RBX+0x1ffe],EAX         # across the border of two pages
                LOCK INC QWORD [DATA+0x30000]
                JMP again
                """;
        try (GuestMachine guest = new GuestMachine(guest(2, source), engine)) {
            DirtyLog log = guest.machine().partition().dirtyLog().orElseThrow();
            assertThatThrownBy(() -> log.collect((_, _) -> {})).isInstanceOf(IllegalStateException.class);
            guest.machine().start();
            awaitCounts(guest);
            log.start();
            for (int round = 0; round < 20; round++) {
                awaitCounts(guest);
                assertThat(writtenData(log)).containsExactly("10000+3000", "20000+3000", "30000+1000");
            }
            guest.machine().pause();
            writtenData(log);
            writtenData(log);
            assertThat(writtenData(log)).isEmpty();
            log.stop();
            assertThat(guest.machine().resume()).isTrue();
            awaitCounts(guest);
        }
    }

    /** Until both CPUs have gone round. */
    private static void awaitCounts(GuestMachine guest) throws InterruptedException {
        long first = guest.data(0x1_0000);
        long second = guest.data(0x2_0000);
        for (int tries = 0; guest.data(0x1_0000) < first + 2 || guest.data(0x2_0000) < second + 2; tries++) {
            assertThat(tries).isLessThan(30_000);
            Thread.sleep(1);
        }
    }

    private static List<String> writtenData(DirtyLog log) {
        List<String> pages = new ArrayList<>();
        log.collect((address, length) -> {
            // The processor's own writes of accessed bits in the page tables are none of the test's.
            if (address >= 0x20_0000) {
                pages.add("%x+%x".formatted(address - 0x20_0000, length));
            }
        });
        return pages;
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aTripleFaultEndsTheMachine(Engine engine) throws Exception {
        String source = """
                cpu0:
                LIDT [nothing]
                UD2
                nothing:
                DW 0
                DQ 0
                """;
        try (GuestMachine guest = new GuestMachine(guest(1, source), engine)) {
            assertThat(run(guest)).isInstanceOfSatisfying(
                    Outcome.Crashed.class, crash -> assertThat(crash.report()).startsWith("CPU 0 shut down: "));
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void anExitPortEndsTheMachineWithAStatus(Engine engine) throws Exception {
        try (GuestMachine guest = new GuestMachine(
                guest(1, "cpu0: ; MOV AL,21; MOV EDX,EXIT; OUT DX,AL; again: ; JMP again"), engine)) {
            assertThat(run(guest)).isEqualTo(new Outcome.Exited(43));
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aResetStartsTheGuestAnew(Engine engine) throws Exception {
        try (GuestMachine guest = new GuestMachine(
                guest(1, "cpu0: ; MOV EDX,OUTPUT; MOV AL,0x41; OUT DX,AL; STI; again: ; HLT; JMP again"), engine)) {
            guest.machine().start();
            for (int boots = 1; boots <= 3; boots++) {
                while (guest.output().length() < boots) {
                    Thread.sleep(1);
                }
                assertThat(guest.output()).isEqualTo("A".repeat(boots));
                assertThat(guest.machine().reset()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aStormOfPausesLosesNothing(Engine engine) throws Exception {
        pauses(engine, 200);
    }

    @Tag("long")
    @Timeout(600)
    @ParameterizedTest
    @MethodSource("engines")
    void tenThousandPausesLoseNothing(Engine engine) throws Exception {
        pauses(engine, 10_000);
    }

    private static void pauses(Engine engine, int count) throws Exception {
        String source = """
                cpu0:
                MOV R8,0
                MOV R9,0
                again:
                INC R8
                ADD R9,R8
                CMP QWORD [DATA],0
                JZ again
                MOV [DATA+8],R8
                MOV [DATA+16],R9
                CLI
                HLT
                """;
        try (GuestMachine guest = new GuestMachine(guest(1, source), engine)) {
            Machine machine = guest.machine();
            machine.start();
            long before = -1;
            for (int i = 0; i < count; i++) {
                assertThat(machine.pause()).isTrue();
                CpuElement.General general =
                        (CpuElement.General) machine.partition().cpu(0).read(CpuElement.Kind.GENERAL);
                long counted = general.registers().get(8);
                assertThat(counted).isGreaterThanOrEqualTo(before);
                before = counted;
                assertThat(machine.resume()).isTrue();
            }
            machine.pause();
            machine.memory().writeLong(0x20_0000L, 1);
            machine.resume();
            assertThat(end(guest)).isInstanceOf(Outcome.Halted.class);
            long total = guest.data(8);
            assertThat(total).isGreaterThanOrEqualTo(Math.max(before, 1));
            assertThat(guest.data(16)).isEqualTo((total & 1) == 0 ? total / 2 * (total + 1) : (total + 1) / 2 * total);
        }
    }

    /** Start, pause and end again and again leave no thread behind. */
    @ParameterizedTest
    @MethodSource("engines")
    void manyMachinesInARowEnd(Engine engine) throws Exception {
        int threads = Thread.activeCount();
        for (int i = 0; i < 10; i++) {
            try (GuestMachine guest = new GuestMachine(guest(2, "cpu0: ; cpu1: ; STI; again: ; HLT; JMP again"), engine)) {
                guest.machine().start();
                assertThat(guest.machine().pause()).isTrue();
                assertThat(guest.machine().resume()).isTrue();
                guest.machine().stop();
                assertThat(end(guest)).isEqualTo(new Outcome.Stopped());
            }
        }
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 2);
    }
}
