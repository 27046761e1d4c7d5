package dev.quoll.emulator;

import java.util.Locale;
import java.util.Optional;

/** How hot guest code is run. */
enum Jit {
    /** As machine code of the host. */
    HOST,
    /** As methods of the JVM. */
    BYTECODE,
    /** By the interpreter alone. */
    OFF;

    /** The system property that chooses for whoever does not: tests, and programs that embed a machine. */
    private static final String PROPERTY = "quoll.jit";

    static Optional<Jit> named(String name) {
        for (Jit each : values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(name)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    static Jit byDefault() {
        return named(System.getProperty(PROPERTY, "host")).orElse(OFF);
    }
}
