package dev.quoll.boot.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.boot.kit.KernelFlavour;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DebianPlanTest {
    private static DebianPlan plan(String suite, long size, String host, String login, String password, String key, String extra,
            String mirror) {
        return new DebianPlan(suite, size, host, login, Optional.ofNullable(password), Optional.ofNullable(key),
                extra == null ? List.of() : List.of(extra), KernelFlavour.RT, Optional.ofNullable(mirror));
    }

    @Test
    void whatIsAskedForIsAddedToTheBase() {
        DebianPlan plan = plan("trixie", DebianPlan.LEAST_SIZE, "a-1", "me", "pass word", "ssh-ed25519 AAAA me@here", "g++",
                "http://mirror.example/debian");
        assertThat(plan.allPackages()).contains("g++", "linux-image-rt-amd64", "openssh-server").doesNotHaveDuplicates();
    }

    /** These words go into commands and scripts: nothing but what is meant may pass. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "Book worm | 4096 | debian | debian | - | - | - | - | is not the name of a Debian suite",
        "--help    | 4096 | debian | debian | - | - | - | - | is not the name of a Debian suite",
        "bookworm  | 2047 | debian | debian | - | - | - | - | at least 2G",
        "bookworm  | 4096 | a.b    | debian | - | - | - | - | is not a host name",
        "bookworm  | 4096 | debian | root   | - | - | - | - | is not the name of an ordinary user",
        "bookworm  | 4096 | debian | $(id)  | - | - | - | - | is not the name of an ordinary user",
        "bookworm  | 4096 | debian | debian | - | PRIVATE KEY | - | - | an ssh key is the one line",
        "bookworm  | 4096 | debian | debian | - | - | gcc;ls | - | is not the name of a Debian package",
        "bookworm  | 4096 | debian | debian | - | - | - | a b:c | a mirror is an address"
    })
    void mistakesAreTold(String suite, long mebibytes, String host, String login, String password, String key, String extra,
            String mirror, String sentence) {
        assertThatThrownBy(() -> plan(suite, mebibytes << 20, host, login, password, key, extra, mirror))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void aPasswordIsOneLine() {
        assertThatThrownBy(() -> plan("bookworm", 4L << 30, "debian", "debian", "a\nb", null, null, null))
                .hasMessage("a password is one line");
    }

    @Test
    void kernelsOfTheInstallerAreNotForDisks() {
        assertThatThrownBy(() -> new DebianPlan("bookworm", 4L << 30, "debian", "debian", Optional.empty(), Optional.empty(), List.of(),
                KernelFlavour.INSTALLER_AMD64, Optional.empty())).hasMessageContaining("cloud, amd64 or rt");
    }
}
