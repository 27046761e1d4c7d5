package dev.quoll.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int bench(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    @Test
    void helpIsThereForAllAndForEach() {
        assertThat(bench("--help")).isZero();
        assertThat(out.toString()).contains("--kernels", "--engines", "--rounds", "--out", "--short", "boot", "jmh");
        assertThat(bench("boot", "--help")).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void wrongOptionsAreASentenceAndStatusTwo() {
        assertThat(bench("--engines", "native,warp")).isEqualTo(2);
        assertThat(err.toString()).startsWith("quoll bench: There is no engine \"warp\" to measure; there are native, host,");
        String[][] wrong = {{"--rounds", "0"}, {"--scale", "-5"}, {"--time", "moon"}, {"--nonsense"}, {"boot", "--rounds", "x"}};
        for (String[] arguments : wrong) {
            err.getBuffer().setLength(0);
            assertThat(bench(arguments)).as(String.join(" ", arguments)).isEqualTo(2);
            assertThat(err.toString().lines()).hasSize(2);
        }
    }

    @Test
    void withoutACompilerThereIsOneSentence() {
        assertThat(bench("--cc", "/nonexistent/cc", "--engines", "native")).isEqualTo(1);
        assertThat(err.toString().lines()).hasSize(1).first().asString()
                .startsWith("quoll bench: /nonexistent/cc is needed to build the guest program");
    }
}
