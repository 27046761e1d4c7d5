package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EscapeKeysTest {
    private final List<String> calls = new ArrayList<>();
    private final EscapeKeys keys = new EscapeKeys(new EscapeKeys.Actions() {
        @Override
        public void leave() {
            calls.add("leave");
        }

        @Override
        public void help() {
            calls.add("help");
        }

        @Override
        public void sendBreak() {
            calls.add("break");
        }

        @Override
        public void reset() {
            calls.add("reset");
        }

        @Override
        public void togglePause() {
            calls.add("pause");
        }

        @Override
        public void statistics() {
            calls.add("statistics");
        }

        @Override
        public void toggleLive() {
            calls.add("live");
        }
    });

    /** What of {@code typed} reaches the guest. */
    private String passed(String typed) {
        StringBuilder passed = new StringBuilder();
        typed.chars().filter(octet -> !keys.test(octet)).forEach(octet -> passed.append((char) octet));
        return passed.toString();
    }

    @Test
    void lettersBehindCtrlAAreCommands() {
        assertThat(passed("a\1xb\1bc\1r\1p\1s\1l\1h\1?d")).isEqualTo("abcd");
        assertThat(calls).containsExactly("leave", "break", "reset", "pause", "statistics", "live", "help", "help");
    }

    @Test
    void ctrlATwiceIsCtrlAOnce() {
        assertThat(passed("\1\1x")).isEqualTo("\1x");
        assertThat(calls).isEmpty();
    }

    @Test
    void whatHasNoCtrlAPassesUnchanged() {
        long seed = System.nanoTime();
        System.out.println("EscapeKeysTest seed " + seed);
        String typed = new Random(seed)
                .ints(10_000, 0, 256)
                .filter(octet -> octet != EscapeKeys.ESCAPE)
                .collect(StringBuilder::new, (text, octet) -> text.append((char) octet), StringBuilder::append)
                .toString();
        assertThat(passed(typed)).isEqualTo(typed);
        assertThat(calls).isEmpty();
    }
}
