package dev.quoll.cli.engines;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.cli.guests.OwnGuests;
import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.Engine;
import dev.quoll.machine.Engines;
import dev.quoll.machine.Outcome;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Instructions that KVM's own emulator does not know, with and without help from the Java CPU. */
@Timeout(120)
class AssistTest {
    private static final OwnGuest GAPS = OwnGuests.named("gaps").orElseThrow();
    /** Bytes of the guest's results. */
    private static final int RESULTS = 1024;

    @BeforeAll
    static void needsKvm() {
        Engine.Probe probe = new KvmEngine().probe();
        Assumptions.assumeFalse(probe instanceof Engine.Probe.Unusable, () -> ((Engine.Probe.Unusable) probe).reason());
    }

    private static Outcome run(GuestMachine guest) throws Exception {
        guest.machine().start();
        return guest.machine().await(60, TimeUnit.SECONDS).orElseThrow(() -> new AssertionError("the guest did not end"));
    }

    private static byte[] results(GuestMachine guest) {
        byte[] bytes = new byte[RESULTS];
        guest.machine().memory().read(0x20_0000, bytes, 0, RESULTS);
        return bytes;
    }

    @Test
    void withHelpTheGuestEndsRight() throws Exception {
        try (GuestMachine alone = new GuestMachine(GAPS, Engines.named("emulator"));
                GuestMachine helped = new GuestMachine(GAPS, new KvmEngine())) {
            assertThat(run(alone)).isInstanceOf(Outcome.Halted.class);
            assertThat(run(helped)).isInstanceOf(Outcome.Halted.class);
            assertThat(results(helped)).isEqualTo(results(alone));
            Engine.Probe.Usable probe = (Engine.Probe.Usable) new KvmEngine().probe();
            if (probe.speed() == Engine.SpeedClass.CRAWLING) {
                assertThat(helped.machine().statistics())
                        .contains(List.of("assists-popcnt 1", "assists-cmpxchg16b 1", "assists-faddp 1", "assists-sqrtsd 1"))
                        .contains(List.of("assists-int3 1", "assists-stac 1", "assists-clac 1", "assists-xsave 1", "assists-andn 1"));
            }
        }
    }

    /** Only where KVM interprets privileged code are there such instructions. */
    @Test
    void withoutHelpItEndsWithASentence() throws Exception {
        Engine.Probe.Usable probe = (Engine.Probe.Usable) new KvmEngine().probe();
        Assumptions.assumeTrue(
                probe.speed() == Engine.SpeedClass.CRAWLING, "KVM executes privileged code on the processor here");
        try (GuestMachine guest = new GuestMachine(GAPS, new KvmEngine(false))) {
            assertThat(run(guest)).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.report())
                    .startsWith("CPU 0: KVM cannot go on (internal error 1: KVM's emulator does not know an instruction): ")
                    .contains("f3 48 0f b8 d8", "popcnt rbx,rax"));
        }
    }

    /** What the helped instruction raises reaches the guest's handler, with its address and error code. */
    @Test
    void faultsOfHelpedInstructionsAreTheGuests() throws Exception {
        OwnGuest guest = new OwnGuest("faults", "a test's", """
                cpu0:
                MOV RBX,0x40000000
                MOV QWORD [TABLES+0x3000],0
                INVLPG [RBX]
                DB 0xf3,0x48,0x0f,0xb8,0x03     # POPCNT RAX,[RBX]: not present
                MOV RAX,CR0
                OR EAX,8
                MOV CR0,RAX
                FLD1
                CLI
                HLT
                vector_0e:
                POP RCX
                MOV [DATA],RCX
                MOV RAX,CR2
                MOV [DATA+8],RAX
                ADD QWORD [RSP],5
                IRETQ
                vector_07:
                INC QWORD [DATA+16]
                CLTS
                IRETQ
                """);
        try (GuestMachine machine = new GuestMachine(guest, new KvmEngine())) {
            assertThat(run(machine)).isInstanceOf(Outcome.Halted.class);
            assertThat(machine.data(0)).isZero();
            assertThat(machine.data(8)).isEqualTo(0x4000_0000L);
            assertThat(machine.data(16)).isEqualTo(1);
        }
    }
}
