package dev.quoll.boot.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The volume for UEFI boot loaders, judged by other people's programs for FAT. */
class FatVolumeTest {
    private static final int MIB = 1 << 20;
    private static final List<String> LOADER = List.of("EFI", "BOOT", "BOOTX64.EFI");

    @TempDir
    private Path folder;

    private record Result(int status, byte[] output) {
        String text() {
            return new String(output, StandardCharsets.UTF_8);
        }
    }

    private static Result run(String... command) throws Exception {
        assumeTrue(Files.isExecutable(Path.of(command[0])), command[0] + " is not there (Debian: dosfstools, mtools)");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        byte[] output = process.getInputStream().readAllBytes();
        return new Result(process.waitFor(), output);
    }

    private static byte[] random(int length) {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        return content;
    }

    private Path volume(int size, byte[] content) throws Exception {
        return Files.write(folder.resolve("fat.img"), FatVolume.of(size, LOADER, content));
    }

    /** Sizes at the edges: the least, those of disks, past 65,535 sectors; contents that fill clusters, and not. The label counts as a file. */
    @ParameterizedTest
    @CsvSource({"9, 0", "9, 1", "9, 2048", "14, 2049", "14, 3000000", "31, 123457", "32, 4096"})
    void fsckFindsNoFault(int mebibytes, int length) throws Exception {
        Result result = run("/sbin/fsck.fat", "-n", "-v", volume(mebibytes * MIB, random(length)).toString());
        assertThat(result.status()).as(result.text()).isZero();
        assertThat(result.text()).contains("16 bit").contains("4 files").doesNotContain("Dirty");
    }

    @Test
    void mtoolsReadTheFileBack() throws Exception {
        byte[] content = random(700_001);
        Path image = volume(14 * MIB, content);
        Result result = run("/usr/bin/mtype", "-i", image.toString(), "::/EFI/BOOT/BOOTX64.EFI");
        assertThat(result.status()).isZero();
        assertThat(result.output()).isEqualTo(content);
        assertThat(run("/usr/bin/mdir", "-b", "-/", "-i", image.toString(), "::/").text().lines())
                .contains("::/EFI/BOOT/BOOTX64.EFI");
    }

    @Test
    void takesWhatFitsAndNoMore() {
        assertThatThrownBy(() -> FatVolume.of(9 * MIB, LOADER, new byte[9 * MIB])).hasMessage("9437184 bytes do not fit into the volume");
    }
}
