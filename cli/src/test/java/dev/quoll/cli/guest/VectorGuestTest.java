package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.initramfs.CpioWriter;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Profile v3: a kernel that finds AVX and saves its state, and programs that use AVX2, FMA and F16C. */
@Tag("long")
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VectorGuestTest {
    private static final Duration COMMAND = Duration.ofMinutes(3);
    private static final List<String> FEATURES =
            List.of("avx", "avx2", "fma", "f16c", "abm", "bmi1", "bmi2", "movbe", "sha_ni", "vaes", "vpclmulqdq");

    private GuestTerminal guest;
    private String expected;

    @BeforeAll
    void boot(@TempDir Path folder) throws Exception {
        HostPrograms.require("cc");
        Path processors = Path.of("/proc/cpuinfo");
        assumeTrue(Files.isReadable(processors), "this host does not say what its processor can do");
        assumeTrue(
                Files.readString(processors).lines().anyMatch(line -> List.of(line.split("\\s+"))
                        .containsAll(List.of("avx2", "fma", "f16c"))),
                "this host's processor has no AVX2, FMA or F16C");
        try (InputStream in = VectorGuestTest.class.getResourceAsStream("vectors.c")) {
            Files.copy(in, folder.resolve("vectors.c"));
        }
        HostPrograms.outputOf(
                folder,
                Map.of(),
                List.of("cc", "-O3", "-march=haswell", "-static", "-o", "vectors", "vectors.c", "-lm"));
        Path program = folder.resolve("vectors");
        expected = HostPrograms.outputOf(folder, Map.of(), List.of(program.toString()));
        Path archive = folder.resolve("program.cpio");
        try (CpioWriter cpio = new CpioWriter(Files.newOutputStream(archive))) {
            cpio.file("root/vectors", 0755, Files.readAllBytes(program));
        }
        guest = new StockGuest(folder).with(archive).boot("--cpu", "v3");
    }

    @AfterAll
    void close() {
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void theKernelKnowsTheFeaturesAndTheirState() throws Exception {
        String flags = guest.run("grep -m 1 flags /proc/cpuinfo", COMMAND);
        assertThat(List.of(flags.strip().split("\\s+"))).containsAll(FEATURES);
        assertThat(guest.run("dmesg", COMMAND))
                .contains("x86/fpu: xstate_offset[2]:  576, xstate_sizes[2]:  256")
                .contains("Enabled xstate features 0x7, context size is 832 bytes");
        assertThat(KernelLog.suspicious(guest.run("dmesg -r", COMMAND))).isSubsetOf(KernelLog.allowed());
    }

    @Test
    void aProgramComputesWhatItComputesOnTheHost() throws Exception {
        assertThat(expected.lines()).hasSize(6);
        assertThat(guest.run("/root/vectors", COMMAND).lines())
                .containsExactlyElementsOf(expected.lines().toList());
    }

    /** Two of them at once: a switch between processes must not mix up their registers. */
    @Test
    void programsKeepTheirRegistersApart() throws Exception {
        String both = guest.run("/root/vectors > /tmp/one & /root/vectors > /tmp/two; wait; cat /tmp/one /tmp/two", COMMAND);
        assertThat(both.lines().filter(line -> !line.startsWith("[")))
                .containsExactlyElementsOf((expected + expected).lines().toList());
    }
}
