package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExitStatusTest {
    /** The table for users and the enum are one table. */
    @Test
    void documentationSaysTheSame() throws Exception {
        List<String> rows = Files.readAllLines(Path.of("../docs/exit-status.md")).stream()
                .filter(line -> line.matches("\\| \\d+ \\|.*"))
                .toList();
        assertThat(rows)
                .containsExactlyElementsOf(Arrays.stream(ExitStatus.values())
                        .map(status -> "| %d | %s | %s |".formatted(status.code(), status.name(), status.meaning()))
                        .toList());
    }

    @Test
    void codesAreDistinctAndLeaveRoomForSignals() {
        assertThat(Arrays.stream(ExitStatus.values()).map(ExitStatus::code)).doesNotHaveDuplicates().allMatch(code -> code < 64);
    }
}
