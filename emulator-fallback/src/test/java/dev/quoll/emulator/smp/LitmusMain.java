package dev.quoll.emulator.smp;

import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.smp.LitmusMachine.Histogram;
import dev.quoll.emulator.smp.LitmusMachine.Placement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs litmus tests in a JVM of their own until one shows a forbidden outcome: exit status 3, else 0. */
final class LitmusMain {
    static final int CAUGHT = 3;

    private LitmusMain() {}

    /** @param arguments seconds, milliseconds for each test at a time, placement, names of tests */
    public static void main(String[] arguments) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(Long.parseLong(arguments[0])).toNanos();
        Placement placement = Placement.valueOf(arguments[2]);
        List<Litmus> tests = new ArrayList<>();
        for (Litmus test : LitmusCatalogue.all()) {
            if (List.of(arguments).subList(3, arguments.length).contains(test.name())) {
                tests.add(test);
            }
        }
        try (LitmusMachine machine = new LitmusMachine(4)) {
            BrokenAccess.locations = HostMemory.base(machine.machine.memory.mapping()) + LitmusMachine.DATA;
            do {
                for (Litmus test : tests) {
                    Histogram histogram = machine.run(test, placement, 20_000, Duration.ofMillis(Long.parseLong(arguments[1])));
                    System.out.println(histogram);
                    if (histogram.violations() != 0) {
                        System.exit(CAUGHT);
                    }
                }
            } while (System.nanoTime() < end);
        }
    }
}
