package dev.quoll.cli.engines;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.Variant;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.cli.demo.CapturedConsole;
import dev.quoll.cli.demo.DemoGuest;
import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.machine.Engine;
import dev.quoll.machine.Outcome;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A running guest goes from one engine to another ten times, and nothing is lost. */
@Timeout(240)
class MoveTest {
    private static final int MOVES = 10;
    private static final int TICKS = 150;

    /**
     * Counts in a loop, keeps a sum that only an unbroken sequence gives, and writes a letter at each tick of its timer;
     * floating-point and vector registers hold what a move must not lose.
     */
    private static final OwnGuest COUNTER = new OwnGuest("counter", "counts and ticks", """
            cpu0:
            MOV RBX,APIC
            MOV DWORD [RBX+0xf0],0x1ff
            MOV DWORD [RBX+0x3e0],0xb          # divide by 1
            MOV DWORD [RBX+0x320],0x20040      # periodic
            MOV DWORD [RBX+0x380],10000000     # 10 ms
            MOV R8,0
            MOV R9,0
            MOVDQA XMM7,[pattern]
            STI
            again:
            INC R8
            ADD R9,R8
            MOV [DATA],R8
            CMP QWORD [DATA+8],%d
            JB again
            CLI
            MOV [DATA+16],R9
            MOVDQA [DATA+32],XMM7
            MOV EAX,0
            MOV EDX,EXIT
            OUT DX,AL
            over:
            HLT
            JMP over
            vector_40:
            PUSH RAX
            PUSH RDX
            MOV EAX,[DATA+8]
            MOV EDX,0
            PUSH RCX
            MOV ECX,26
            DIV ECX
            POP RCX
            LEA EAX,[RDX+0x61]
            MOV EDX,OUTPUT
            OUT DX,AL
            INC QWORD [DATA+8]
            MOV DWORD [RBX+0xb0],0
            POP RDX
            POP RAX
            IRETQ
            ALIGN 16
            pattern:
            DQ 0x0123456789abcdef,0xfedcba9876543210
            """.formatted(TICKS));

    private static Iterable<EnginePair> pairs() {
        return EnginePair.all();
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aCountingGuestLosesNothing(EnginePair engines) throws Exception {
        try (GuestMachine guest = new GuestMachine(COUNTER, engines.first())) {
            guest.machine().start();
            int moves = 0;
            Optional<Outcome> end = Optional.empty();
            while (end.isEmpty()) {
                end = guest.machine().await(40, TimeUnit.MILLISECONDS);
                if (end.isEmpty() && moves < MOVES) {
                    Engine next = moves % 2 == 0 ? engines.second() : engines.first();
                    assertThat(guest.machine().moveTo(next)).isTrue();
                    moves++;
                }
            }
            assertThat(end).contains(new Outcome.Exited(1));
            assertThat(moves).isEqualTo(MOVES);
            String expected = IntStream.range(0, TICKS)
                    .mapToObj(tick -> String.valueOf((char) ('a' + tick % 26)))
                    .collect(Collectors.joining());
            assertThat(guest.output()).isEqualTo(expected);
            long count = guest.data(0);
            assertThat(count).isGreaterThan(1000);
            assertThat(guest.data(16)).as("sum of all counts").isEqualTo(sum(count));
            assertThat(guest.data(32)).isEqualTo(0x0123456789abcdefL);
            assertThat(guest.data(40)).isEqualTo(0xfedcba9876543210L);
        }
    }

    private static long sum(long count) {
        return (count & 1) == 0 ? count / 2 * (count + 1) : (count + 1) / 2 * count;
    }

    /** Serial port, I/O APIC and, in the legacy variant, 8259 and 8254 belong to the machine and stay where they are. */
    @ParameterizedTest
    @MethodSource("pairs")
    void aPcWithASerialPortGoesOnAcrossMoves(EnginePair engines) throws Exception {
        CapturedConsole console = new CapturedConsole();
        int seconds = 3;
        try (Pc pc = new PcBuilder()
                .engine(engines.first())
                .memory(4 << 20)
                .variant(Variant.LEGACY)
                .kernel(KernelImage.parse(DemoGuest.image(seconds * DemoGuest.TICKS_PER_SECOND)))
                .console(console)
                .build()) {
            pc.machine().start();
            for (int move = 0; move < MOVES; move++) {
                pc.machine().await(200, TimeUnit.MILLISECONDS);
                assertThat(pc.machine().moveTo(move % 2 == 0 ? engines.second() : engines.first())).isTrue();
            }
            assertThat(pc.machine().await(60, TimeUnit.SECONDS)).contains(new Outcome.PoweredOff("ACPI S5"));
        }
        assertThat(console.text()).containsOnlyOnce("Hello").contains("ticks: 10\r\n", "ticks: 20\r\n", "Powering off.");
    }
}
