package dev.quoll.emulator;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.RegionCode;
import dev.quoll.emulator.translate.bytecode.BytecodeTranslator;
import dev.quoll.emulator.translate.host.HostTranslator;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * The tier that tests of single instructions and programs run on. With {@code -Dquoll.jit=host} or {@code bytecode} all of them translate
 * whatever can be, from a block's first run on; without, those that ask for it. One thread at a time.
 */
public final class TestTier {
    private static Jit tier = Jit.named(System.getProperty("quoll.jit", "off")).orElseThrow();

    private TestTier() {}

    /** The translator to be used from a block's first run on, or empty. */
    public static Optional<BlockCode> translator() {
        return tier == Jit.HOST ? Optional.of(HostTranslator.create(1)) : Optional.empty();
    }

    /** The translator of regions to be used from a block's first run on, or empty. */
    public static Optional<RegionCode> regions() {
        return tier == Jit.BYTECODE ? Optional.of(new BytecodeTranslator()) : Optional.empty();
    }

    /** Makes something that asks for the {@link #translator}, and gives it one or none. */
    public static <T> T with(boolean translated, Callable<T> maker) throws Exception {
        return with(translated ? "host" : "off", maker);
    }

    /** Makes something that asks for a translator, and gives it that of a tier, by the name that it has for users. */
    public static <T> T with(String name, Callable<T> maker) throws Exception {
        Jit before = tier;
        tier = Jit.named(name).orElseThrow();
        try {
            return maker.call();
        } finally {
            tier = before;
        }
    }
}
