package dev.quoll.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.machine.CpuProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class BoardAcpiTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(Variant.class)
    void tablesLieApartWithinTheBiosArea(Variant variant) {
        long previous = BoardMap.RSDP;
        List<AcpiTables.Placed> placed = new BoardAcpi(variant, PcBuilder.MAX_CPUS, RamLayout.of(6L << 30), Transport.PCI, 0).place();
        for (AcpiTables.Placed table :
                placed.stream().sorted((a, b) -> Long.compare(a.address(), b.address())).toList()) {
            assertThat(table.address()).as(table.name()).isGreaterThanOrEqualTo(previous);
            previous = table.end();
        }
        assertThat(previous).isLessThanOrEqualTo(BoardMap.ACPI_TABLES_END);
        assertThat(placed.stream().map(AcpiTables.Placed::name)).contains("RSDP", "XSDT", "FACP", "APIC", "MCFG", "DSDT");
    }

    @Test
    void theLargestMpTableFitsTheBiosArea() {
        byte[] table = BoardMp.table(CpuProfile.V2, PcBuilder.MAX_CPUS).bytes(BoardMap.MP_TABLE);
        assertThat(BoardMap.MP_TABLE).isGreaterThanOrEqualTo(BoardMap.ACPI_TABLES_END);
        assertThat(BoardMap.MP_TABLE + table.length).isLessThanOrEqualTo(BoardMap.BIOS_END);
    }

    /** Without PCI the tables say nothing of it, and tell every virtio window with its interrupt. */
    @Test
    void tablesOfABoardWithoutPci() {
        List<AcpiTables.Placed> placed = new BoardAcpi(
                        Variant.DEFAULT, 2, RamLayout.of(1L << 30), Transport.MMIO, BoardMap.VIRTIO_MMIO_COUNT)
                .place();
        assertThat(placed.stream().map(AcpiTables.Placed::name)).doesNotContain("MCFG");
        String dsdt = placed.stream()
                .filter(table -> table.name().equals("DSDT"))
                .map(table -> new String(table.bytes(), StandardCharsets.ISO_8859_1))
                .findFirst()
                .orElseThrow();
        assertThat(dsdt).contains("LNRO0005", "VR00", "VR14").doesNotContain("VR15", "PCI0");
    }

    private static Stream<AcpiBoard> boards() {
        RamLayout ram = RamLayout.of(5L << 30);
        FirmwareMemory map = new FirmwareMemory(5L << 30, new FirmwareImage("test", new byte[0x20000], Optional.empty()));
        return Stream.concat(
                Stream.of(Variant.values()).map(variant -> AcpiBoard.of(variant, ram, Transport.PCI, 0)),
                Stream.of(AcpiBoard.withFirmware(map, 0xb000_0000L, 256L << 20, Q35Map.POWER_PORTS)));
    }

    /** ACPICA's own disassembler and compiler as judge: they take the DSDT, and take it again as source. */
    @ParameterizedTest
    @MethodSource("boards")
    void acpicaTakesEveryTable(AcpiBoard board) throws Exception {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, "iasl"))),
                "iasl (Debian: acpica-tools) is not installed");
        for (AcpiTables.Placed table : new BoardAcpi(board, 3).place()) {
            if (table.name().equals("RSDP")) {
                continue;
            }
            Path file = folder.resolve(table.name() + ".dat");
            Files.write(file, table.bytes());
            String said = iasl("-d", file.toString());
            assertThat(said).as(said).doesNotContain("Error").doesNotContain("Invalid");
            Path source = folder.resolve(table.name() + ".dsl");
            String text = Files.readString(source);
            assertThat(text).doesNotContain("Incorrect checksum");
            if (table.name().equals("DSDT")) {
                assertThat(text).contains("PNP0A08", "PNP0501", "PNP0303", "PNP0B00", "_S5");
                assertThat(iasl(source.toString())).contains(" 0 Errors");
            }
        }
    }

    private static String iasl(String... arguments) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Stream.concat(Stream.of("iasl"), Stream.of(arguments)).toList())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }
}
