package dev.quoll.benchmarks.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Contestant;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DebianBenchmarkTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    /** A login and a shell such as a guest's: bash, with what is typed echoed as a terminal does. */
    private static final String GUEST =
            "printf 'x login: '; read user; printf 'Password: '; read word; printf 'hello %s $ ' \"$user\"; read line; "
                    + "printf 'bench-ready# '; while IFS= read -r line; do [ \"$line\" = poweroff ] && exit; "
                    + "echo \"$line\"; eval \"$line\"; printf 'bench-ready# '; done";

    private static GuestSession session(String script) throws Exception {
        return new GuestSession(new Contestant("a shell", List.of("bash", "-c", script)));
    }

    @Test
    void whatIsTypedRunsAndItsEchoIsNoAnswer() throws Exception {
        try (GuestSession guest = session(GUEST)) {
            guest.expect("login: ", LIMIT);
            guest.logIn("debian", "debian", LIMIT);
            assertThat(guest.run("echo $((6 * 7))", LIMIT).strip()).isEqualTo("42");
            assertThat(Figure.FORK_EXEC.of(guest.run(Figure.FORK_EXEC.line(), LIMIT))).isGreaterThan(1);
            assertThat(Figure.CONTEXT_SWITCH.of(guest.run(Figure.CONTEXT_SWITCH.line(), LIMIT))).isGreaterThan(100);
            guest.type("poweroff");
            guest.awaitEnd(LIMIT);
        }
    }

    @Test
    void aGuestThatEndsIsToldWithWhatItPrinted() throws Exception {
        try (GuestSession guest = session("echo Kernel panic")) {
            assertThatThrownBy(() -> guest.expect("login: ", LIMIT))
                    .isInstanceOf(BenchmarkException.class)
                    .hasMessageContainingAll("a shell ended", "login: ", "Kernel panic");
        }
    }

    @Test
    void figuresComeFromWhatCommandsPrint() {
        assertThat(Figure.DISK_READ.of("seconds=2.0\n")).isCloseTo(134.2, within(0.1));
        assertThat(Figure.PING.of("rtt min/avg/max/mdev = 0.1/0.25/0.9/0.1 ms")).isEqualTo(0.25);
        assertThat(Figure.DISK_READ.of("dd: failed")).isNaN();
        assertThat(Figure.rounded(Double.NaN)).isEqualTo("-");
    }

    @Test
    void thePeerTakesAndGives() throws Exception {
        try (NetworkPeer peer = new NetworkPeer();
                Socket source = new Socket(InetAddress.getLoopbackAddress(), peer.sourcePort());
                Socket sink = new Socket(InetAddress.getLoopbackAddress(), peer.sinkPort())) {
            assertThat(source.getInputStream().skip(200 << 20)).isEqualTo(100 << 20);
            sink.getOutputStream().write(new byte[5 << 20]);
        }
    }
}
