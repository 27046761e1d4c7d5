package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The model against the verdicts of the literature (Sewell and others; Alglave, Maranget: the diy x86 tests). */
class TsoModelTest {
    private static boolean allowed(Litmus test, int boundary) {
        return TsoModel.outcomes(test, boundary).stream().anyMatch(test::matches);
    }

    private static Litmus named(String name) {
        return LitmusCatalogue.CLASSIC.stream().filter(test -> test.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void onlyAStoreMayPassALaterLoad() {
        Set<String> relaxed = Set.of("SB", "R", "n6", "n7");
        for (Litmus test : LitmusCatalogue.CLASSIC) {
            assertThat(allowed(test, 8)).as(test.name()).isEqualTo(relaxed.contains(test.name()));
        }
    }

    @Test
    void fencesAndLockedStoresForbidEveryRelaxedOutcome() {
        for (Litmus test : LitmusCatalogue.CLASSIC) {
            assertThat(allowed(test.withFences(), 8)).as(test.name()).isFalse();
            assertThat(allowed(test.withLockedStores(), 8)).as(test.name()).isFalse();
        }
        assertThat(allowed(named("SB").withLockedLoads(), 8)).isFalse();
    }

    @Test
    void aSingleFenceIsNotEnoughForStoreBuffering() {
        for (Litmus test : LitmusCatalogue.BARRIERS) {
            assertThat(allowed(test, 8)).as(test.name()).isEqualTo(test.name().equals("SB+one mfence"));
        }
    }

    @Test
    void lockedAccessesAreAtomicWhereverTheyAre() {
        for (Litmus test : LitmusCatalogue.ATOMICITY) {
            assertThat(allowed(test, 8)).as(test.name()).isFalse();
            assertThat(allowed(test, 2)).as(test.name() + " split").isFalse();
        }
    }

    @Test
    void splitPlainAccessesMayTear() {
        Litmus test = Litmus.of("torn", """
                MOV [x],0x01010101 | MOV EAX,[x]
                1:EAX=0x01010000
                """);
        assertThat(allowed(test, 8)).isFalse();
        assertThat(allowed(test, 2)).isTrue();
        assertThat(TsoModel.outcomes(test, 8)).containsExactlyInAnyOrder(
                List.of(0L, 0x01010101L), List.of(0x01010101L, 0x01010101L));
    }

    @Test
    void mixedSizes() {
        for (Litmus test : LitmusCatalogue.MIXED) {
            assertThat(allowed(test, 8)).as(test.name()).isEqualTo(test.name().equals("SB mixed"));
        }
    }
}
