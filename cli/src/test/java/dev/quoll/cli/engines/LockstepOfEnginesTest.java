package dev.quoll.cli.engines;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.cli.guests.OwnGuests;
import dev.quoll.cli.lockstep.Lockstep;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Guests of our own go through the same states on the emulator and on every other engine of this host. Where KVM
 * interprets privileged code its single steps go astray behind IRETQ, exceptions and interrupts: there only the guests without
 * these are compared (docs/lockstep.md).
 */
@Timeout(240)
class LockstepOfEnginesTest {
    private static final long ENOUGH = 100_000;
    private static final List<String> STRAIGHT = List.of("integer", "string");

    private static Stream<Arguments> runs() {
        return EnginePair.all().stream()
                .flatMap(pair -> OwnGuests.all().stream()
                        .map(OwnGuest::name)
                        .filter(name -> pair.second().name().equals("emulator") || STRAIGHT.contains(name))
                        .map(name -> Arguments.of(pair, name)));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void aGuestOfOurOwnIsTheSameOnBoth(EnginePair engines, String name) throws Exception {
        OwnGuest guest = OwnGuests.named(name).orElseThrow();
        try (GuestMachine left = new GuestMachine(guest, engines.first());
                GuestMachine right = new GuestMachine(guest, engines.second())) {
            left.machine().startPaused();
            right.machine().startPaused();
            Lockstep.Result result = new Lockstep(
                            new Lockstep.Side(engines.first().name(), left.machine()),
                            new Lockstep.Side(engines.second().name(), right.machine()),
                            1)
                    .run(ENOUGH);
            assertThat(result)
                    .as(() -> result instanceof Lockstep.Result.Different different ? different.report() : "")
                    .isInstanceOfSatisfying(
                            Lockstep.Result.Same.class, same -> assertThat(same.end()).isEqualTo("the guest halted"));
        }
    }
}
