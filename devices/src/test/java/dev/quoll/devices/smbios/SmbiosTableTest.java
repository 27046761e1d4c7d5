package dev.quoll.devices.smbios;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmbiosTableTest {
    private static final UUID SYSTEM = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    /** Where dmidecode's dump files have the structures. */
    private static final int STRUCTURES_AT = 0x20;

    private static SmbiosTable table(long memory, int cores) {
        return new SmbiosTable(
                "1.2", "quoll-pc", "1", "S-1", SYSTEM, new SmbiosTable.Processor("Some CPU", 0xa10f11, 0x1, 2500, cores), memory);
    }

    @Test
    void theEntryPointSumsUpToZeroAndPointsToTheStructures() {
        byte[] entry = table(1 << 30, 1).entryPoint(0xf0020, 0x123);
        int sum = 0;
        for (byte octet : entry) {
            sum += octet;
        }
        assertThat((byte) sum).isZero();
        assertThat(new String(entry, 0, 5, StandardCharsets.US_ASCII)).isEqualTo("_SM3_");
        assertThat(entry).hasSize(SmbiosTable.ENTRY_POINT_LENGTH);
        assertThat(Arrays.copyOfRange(entry, 16, 24)).containsExactly(0x20, 0, 0xf, 0, 0, 0, 0, 0);
    }

    /** Debian's dmidecode as judge: it takes every structure, and says of the machine what was put in. */
    @ParameterizedTest
    @CsvSource({"536870912, 1, 512 MB", "2147483648, 64, 2 GB", "137438953472, 300, 128 GB", "5497558138880, 2, 5 TB"})
    void dmidecodeReadsIt(long memory, int cores, String size, @TempDir Path folder) throws Exception {
        assumeTrue(
                Stream.of("/usr/sbin/dmidecode", "/sbin/dmidecode").anyMatch(path -> Files.isExecutable(Path.of(path))),
                "dmidecode (Debian: dmidecode) is not installed");
        SmbiosTable table = table(memory, cores);
        byte[] structures = table.structures();
        ByteArrayOutputStream dump = new ByteArrayOutputStream();
        dump.writeBytes(table.entryPoint(STRUCTURES_AT, structures.length));
        dump.writeBytes(new byte[STRUCTURES_AT - SmbiosTable.ENTRY_POINT_LENGTH]);
        dump.writeBytes(structures);
        Path file = Files.write(folder.resolve("dump"), dump.toByteArray());
        Process process = new ProcessBuilder("/usr/sbin/dmidecode", "--from-dump", file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        assertThat(said)
                .contains("SMBIOS 3.2.0 present", "Product Name: quoll-pc", "UUID: " + SYSTEM, "System is a virtual machine")
                .contains("Version: Some CPU", "Core Count: " + cores, "Current Speed: 2500 MHz", "Size: " + size)
                .contains("Range Size: " + size, "Boot-up State: Safe", "End Of Table")
                .doesNotContain("OUT OF SPEC", "BROKEN", "TRUNCATED", "Invalid", "Wrong");
    }
}
