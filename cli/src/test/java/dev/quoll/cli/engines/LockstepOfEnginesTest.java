package dev.quoll.cli.engines;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.cli.guests.OwnGuests;
import dev.quoll.cli.lockstep.KnownDifference;
import dev.quoll.cli.lockstep.Lockstep;
import dev.quoll.machine.Engine;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Guests of our own go through the same states on the emulator and on every other engine of this host. What a KVM that
 * interprets privileged code is known for is listed here guest by guest; any other difference is a failure (docs/lockstep.md).
 */
@Timeout(240)
class LockstepOfEnginesTest {
    private static final long ENOUGH = 100_000;
    private static final Map<String, Set<KnownDifference>> KNOWN = Map.of(
            "exception", Set.of(KnownDifference.NOT_ACCESSED_ABOVE_A_FAULT, KnownDifference.NO_RF_IN_A_FRAME),
            "interrupt", Set.of(KnownDifference.NOT_IN_SERVICE));

    private static Stream<Arguments> runs() {
        return EnginePair.all().stream()
                .flatMap(pair -> OwnGuests.all().stream()
                        .map(OwnGuest::name)
                        .map(name -> Arguments.of(pair, name)));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void aGuestOfOurOwnIsTheSameOnBoth(EnginePair engines, String name) throws Exception {
        Set<KnownDifference> expected = new HashSet<>(KNOWN.getOrDefault(name, Set.of()));
        expected.retainAll(KnownDifference.of(engines.second()));
        assertSame(compare(engines.first(), engines.second(), name), expected);
    }

    /** Which engine stands first makes no difference. */
    @ParameterizedTest
    @MethodSource("pairs")
    void turnedRoundItIsTheSameToo(EnginePair engines) throws Exception {
        assertSame(compare(engines.second(), engines.first(), "segment"), Set.of());
    }

    private static List<EnginePair> pairs() {
        return EnginePair.all();
    }

    private static void assertSame(Lockstep.Result result, Set<KnownDifference> expected) {
        assertThat(result)
                .as(() -> result instanceof Lockstep.Result.Different different ? different.report() : "")
                .isInstanceOfSatisfying(Lockstep.Result.Same.class, same -> {
                    assertThat(same.end()).isEqualTo("the guest halted");
                    assertThat(same.known()).containsOnlyKeys(expected);
                });
    }

    private static Lockstep.Result compare(Engine first, Engine second, String name) throws Exception {
        OwnGuest guest = OwnGuests.named(name).orElseThrow();
        try (GuestMachine left = new GuestMachine(guest, first);
                GuestMachine right = new GuestMachine(guest, second)) {
            left.machine().startPaused();
            right.machine().startPaused();
            return new Lockstep(side(first, left), side(second, right), 1).run(ENOUGH);
        }
    }

    private static Lockstep.Side side(Engine engine, GuestMachine guest) {
        return new Lockstep.Side(engine.name(), guest.machine(), KnownDifference.of(engine));
    }
}
