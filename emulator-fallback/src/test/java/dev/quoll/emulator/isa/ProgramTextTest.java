package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.emulator.ProofCounts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Lengths and texts of whole programs beside GNU objdump.
class ProgramTextTest {

    @TempDir
    static Path directory;

    private static StringJudge processor;

    @BeforeAll
    static void judges() throws Exception {
        assumeTrue(Objdump.available(), "GNU objdump is not installed");
        processor = StringJudge.processor(directory).orElse(null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/bin/bash", "/lib/x86_64-linux-gnu/libc.so.6"})
    void programs(String file) throws Exception {
        assumeTrue(Files.isReadable(Path.of(file)), file + " is not installed");
        compare(Path.of(file), ".text");
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"/lib/x86_64-linux-gnu/libm.so.6", "/usr/bin/gdb"})
    void largePrograms(String file) throws Exception {
        programs(file);
    }

    /// The .text of libcrypto has tables in it, and code for processors of all kinds.
    @Tag("long")
    @ParameterizedTest
    @CsvSource({"libc6, libc\\.so\\.6", "libssl3, libcrypto\\.so\\.3", "libavcodec59, libavcodec\\.so\\..*"})
    void libraries(String name, String file) throws Exception {
        compare(PackageFiles.find(PackageFiles.of(name), file), ".text");
    }

    /// The stock cloud kernel, its initialisation and the alternatives that it patches into itself.
    @Tag("long")
    @Test
    void kernel() throws Exception {
        Path image = PackageFiles.find(PackageFiles.ofDependency("linux-image-cloud-amd64"), "vmlinuz-.*");
        Path elf = PackageFiles.vmlinux(image, directory);
        compare(elf, ".text", ".init.text", ".exit.text", ".altinstr_replacement", ".altinstr_aux");
    }

    private static void compare(Path file, String... sections) throws Exception {
        TextComparison comparison = new TextComparison();
        for (String section : List.of(sections)) {
            Objdump.section(file, section, comparison::add);
        }
        comparison.settle(processor);
        Witnesses.append(
                "texts",
                "%s: %,d bytes, %,d instructions alike in length and text, %,d bytes of tables, %d settled by the processor, other instruction sets %s%n"
                        .formatted(file.getFileName(), comparison.bytes, comparison.instructions, comparison.data, comparison.settled, comparison.absent));
        ProofCounts.add("bytes of %s disassembled".formatted(file.getFileName()), comparison.bytes, ProgramTextTest.class);
        ProofCounts.add("differences in length or text there", comparison.differences.size(), ProgramTextTest.class);
        assertThat(comparison.instructions).as("instructions compared in %s", file).isGreaterThan(10_000);
        assertThat(comparison.differences).isEmpty();
    }
}
