package dev.quoll.benchmarks.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Circumstances;
import dev.quoll.benchmarks.contest.Contestant;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The C program itself, on this host. */
@Timeout(120)
class GuestProgramTest {
    @TempDir
    private Path folder;

    @Test
    void everyKernelRunsHereAndComputesTheSameTwice() throws Exception {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guest program is for x86-64");
        assumeTrue(!Circumstances.versionOf("cc").isEmpty(), "no cc here");
        GuestProgram program = GuestProgram.build("cc", folder);
        assertThat(program.kernels()).hasSizeGreaterThan(50).doesNotHaveDuplicates();
        assertThat(program.kernels().stream().map(Kernel::group).distinct()).contains(
                "integer", "call", "carry", "divide", "fp", "simd", "x87", "memory", "string", "system", "pages", "files",
                "code", "threads");

        List<Measurement> first = measured(program);
        List<Measurement> second = measured(program);
        assertThat(checksums(first)).isEqualTo(checksums(second));
        assertThat(first).allMatch(m -> m.wall() > 0 && m.cpu() >= 0 && m.host() >= 0);
    }

    private static List<Measurement> measured(GuestProgram program) throws Exception {
        Contestant contestant = new Contestant(
                "native", List.of(program.file().toString(), "--scale", "2", "--passes", "2", "--cpus", "1"));
        KernelRun run = new KernelRun(contestant, Column.CpuTime.PROGRAM, Duration.ofSeconds(60));
        run.run();
        // A kernel that this processor lacks the instructions for says so; nothing else may be missing.
        assertThat(run.remarks()).allMatch(remark -> remark.contains("was left out"));
        assertThat(run.measurements()).hasSize(2 * (program.kernels().size() - run.remarks().size()));
        return run.measurements();
    }

    private static List<String> checksums(List<Measurement> measurements) {
        return measurements.stream().map(m -> m.kernel() + m.pass() + m.checksum()).collect(Collectors.toList());
    }

    @Test
    void withoutACompilerOneSentenceSaysSo() {
        assertThatThrownBy(() -> GuestProgram.build("/nonexistent/cc", folder))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContainingAll("/nonexistent/cc is needed", "apt-get install");
    }

    @Test
    void aCompilerThatFailsIsTold() {
        assertThatThrownBy(() -> GuestProgram.build("false", folder))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining("false ended with 1");
    }

    @Test
    void kernelsAreChosenByNameAndByGroup() throws Exception {
        GuestProgram program = new GuestProgram(folder, GuestProgram.parseList("int-alu integer\ndivide divide\nint-sort integer\n"));
        assertThat(program.chosen(List.of())).isEqualTo(program.kernels());
        assertThat(program.chosen(List.of("integer"))).extracting(Kernel::name).containsExactly("int-alu", "int-sort");
        assertThat(program.chosen(List.of("int-sort", "divide"))).extracting(Kernel::name).containsExactly("divide", "int-sort");
        assertThatThrownBy(() -> program.chosen(List.of("sort")))
                .isInstanceOf(BenchmarkException.class)
                .hasMessage("there is no kernel or group \"sort\"; there are: int-alu, divide, int-sort.");
    }

    @Test
    void theProgramIsTheFirstProcess() throws Exception {
        Path file = Files.writeString(folder.resolve("program"), "\u007fELF of the test");
        String archive = new String(new GuestProgram(file, List.of()).initramfs(), StandardCharsets.ISO_8859_1);
        assertThat(archive).startsWith("070701").contains("init\0", "ELF of the test", "dev/console\0");
    }
}
