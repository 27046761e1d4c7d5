package dev.quoll.emulator;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.translate.host.HostTranslator;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * The tier that tests of single instructions and programs run on. With {@code -Dquoll.jit=host} all of them translate whatever can be,
 * from a block's first run on; without, those that ask for it. One thread at a time.
 */
public final class TestTier {
    private static boolean translating = System.getProperty("quoll.jit", "off").equals("host");

    private TestTier() {}

    /** The translator to be used from a block's first run on, or empty for the interpreter. */
    public static Optional<BlockCode> translator() {
        return translating ? Optional.of(HostTranslator.create(1)) : Optional.empty();
    }

    /** Makes something that asks for the {@link #translator}, and gives it one or none. */
    public static <T> T with(boolean translated, Callable<T> maker) throws Exception {
        boolean before = translating;
        translating = translated;
        try {
            return maker.call();
        } finally {
            translating = before;
        }
    }
}
