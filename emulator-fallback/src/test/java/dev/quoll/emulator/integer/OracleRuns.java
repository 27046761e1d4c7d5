package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.system.Delivery;
import dev.quoll.emulator.system.SystemFamily;
import java.util.List;
import java.util.Random;

/** What the comparisons with the host's processor have in common. */
final class OracleRuns {
    private OracleRuns() {}

    /** Random numbers from the seed {@code -Dquoll.seed}, or a new one; either way it is printed. */
    static Random random(Class<?> test) {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println(test.getSimpleName() + " seed " + seed);
        return new Random(seed);
    }

    static List<OpFamily> families() {
        return List.of(new IntegerFamily(), new SystemFamily(new Delivery()));
    }
}
