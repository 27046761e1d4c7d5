package dev.quoll.devices.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.devices.acpi.AcpiTables.Placed;
import dev.quoll.devices.acpi.PciRootDevice.Route;
import dev.quoll.devices.acpi.PciRootDevice.Window;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both boards' tables: their places, checksums and pointers, and what ACPICA's compiler says of them. */
class AcpiTablesTest {
    private static final long RSDP = 0xe0000;
    private static final long TABLES = 0xe0040;
    private static final long LIMIT = 0xf0000;

    private static AcpiTable dsdt() {
        List<Route> routes = new ArrayList<>();
        for (int device = 0; device < 32; device++) {
            for (int pin = 0; pin < 4; pin++) {
                routes.add(new Route(device, pin, 16 + (device + pin) % 8));
            }
        }
        PciRootDevice root = new PciRootDevice(
                0,
                List.of(new Window(0, 0xcf7), new Window(0xd00, 0xffff)),
                List.of(new Window(0xc000_0000L, 0xdfff_ffffL), new Window(0x1_4000_0000L, 0x3_ffff_ffffL)),
                routes,
                0x1d);
        return AcpiTable.dsdt(
                Aml.scope(
                        "\\_SB_",
                        root.device(),
                        BoardDevices.reservedMemory("ECAM", 0, 0xe000_0000L, 0x1000_0000),
                        BoardDevices.serialPort(0, 0x3f8, 4),
                        BoardDevices.keyboard(1),
                        BoardDevices.realTimeClock(0x70, 8),
                        BoardDevices.intervalTimer(0x40, 0),
                        BoardDevices.hpet(0xfed0_0000L),
                        BoardDevices.powerButton(),
                        BoardDevices.genericEventDevice(List.of(new BoardDevices.Event(
                                9, List.of(Aml.notify("PWRB", Aml.integer(0x80)))))),
                        BoardDevices.virtioMmio(0, 0xc000_1000L, 0x1000, 5),
                        arithmetic()),
                BoardDevices.softOff(SleepRegisters.S5_TYPE));
    }

    /** A device of every construct that no board device uses. */
    private static AmlTerm arithmetic() {
        return Aml.device(
                "TST0",
                Aml.name("_HID", Aml.string("QUOL0001")),
                Aml.operationRegion("REG0", Aml.Space.SYSTEM_IO, 0x600, 4),
                Aml.field(
                        "REG0",
                        Aml.FieldAccess.BYTE,
                        new Aml.FieldUnit("LOW0", 3),
                        new Aml.FieldUnit(null, 5),
                        new Aml.FieldUnit("HIG0", 8)),
                Aml.method(
                        "SUM0",
                        1,
                        false,
                        Aml.store(Aml.integer(0), Aml.local(0)),
                        Aml.whileTrue(
                                Aml.less(Aml.local(0), Aml.argument(0)),
                                Aml.add(Aml.local(0), Aml.path("LOW0"), Aml.local(0))),
                        Aml.returns(Aml.local(0))),
                Aml.name("BIG0", Aml.integer(0x1234_5678_9abc_def0L)),
                Aml.name("BUF0", Aml.buffer(new byte[5000])));
    }

    private static Fadt fadt(boolean legacy) {
        Fadt.Hardware hardware = legacy
                ? new Fadt.Fixed(9, 0x600, 0x604)
                : new Fadt.Reduced(GenericAddress.port(0x600, 8, 1), GenericAddress.port(0x601, 8, 1));
        return new Fadt(
                hardware,
                Set.of(Fadt.Feature.WBINVD, Fadt.Feature.PROC_C1),
                Set.of(Fadt.BootFlag.VGA_NOT_PRESENT, Fadt.BootFlag.KEYBOARD_CONTROLLER, Fadt.BootFlag.LEGACY_DEVICES),
                GenericAddress.port(legacy ? 0xcf9 : 0x600, 8, 1),
                legacy ? 6 : SleepRegisters.RESET_VALUE,
                0x608,
                0x32);
    }

    private static List<Placed> tables(boolean legacy) {
        List<Madt.Entry> entries = new ArrayList<>();
        for (int cpu = 0; cpu < 300; cpu++) {
            entries.add(new Madt.Cpu(cpu, cpu, true));
        }
        entries.add(new Madt.IoApicEntry(0, 0xfec0_0000L, 0));
        entries.add(new Madt.Override(0, 2, false, false));
        entries.add(new Madt.Override(9, 9, true, false));
        entries.add(new Madt.LocalNmi(1));
        List<AcpiTable> others = List.of(
                new Madt(0xfee0_0000L, legacy, entries).table(),
                AcpiTable.mcfg(0xe000_0000L, 0, 255),
                AcpiTable.hpet(0xfed0_0000L, 0x8086_a201L, 100));
        return new AcpiTables(fadt(legacy), dsdt(), legacy, others).place(RSDP, TABLES, LIMIT);
    }

    private static ByteBuffer find(List<Placed> placed, long address) {
        return placed.stream()
                .filter(p -> p.address() == address)
                .map(p -> ByteBuffer.wrap(p.bytes()).order(ByteOrder.LITTLE_ENDIAN))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no table at 0x%x".formatted(address)));
    }

    private static String signature(ByteBuffer table) {
        return new String(table.array(), 0, 4, StandardCharsets.US_ASCII);
    }

    private static int sum(byte[] bytes, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[i];
        }
        return sum & 0xff;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pointersChecksumsAndPlaces(boolean legacy) {
        List<Placed> placed = tables(legacy);
        ByteBuffer rsdp = find(placed, RSDP);
        assertThat(new String(rsdp.array(), 0, 8, StandardCharsets.US_ASCII)).isEqualTo("RSD PTR ");
        assertThat(sum(rsdp.array(), 20)).isZero();
        assertThat(sum(rsdp.array(), 36)).isZero();
        ByteBuffer rsdt = find(placed, rsdp.getInt(16) & 0xffff_ffffL);
        ByteBuffer xsdt = find(placed, rsdp.getLong(24));
        assertThat(signature(rsdt)).isEqualTo("RSDT");
        assertThat(signature(xsdt)).isEqualTo("XSDT");
        List<String> named = new ArrayList<>();
        for (int i = 0; i < (xsdt.capacity() - 36) / 8; i++) {
            long address = xsdt.getLong(36 + 8 * i);
            assertThat(rsdt.getInt(36 + 4 * i)).isEqualTo((int) address);
            named.add(signature(find(placed, address)));
        }
        assertThat(named).containsExactly("FACP", "APIC", "MCFG", "HPET");
        ByteBuffer facp = find(placed, xsdt.getLong(36));
        assertThat(signature(find(placed, facp.getInt(40)))).isEqualTo("DSDT");
        assertThat(facp.getLong(140)).isEqualTo(facp.getInt(40));
        if (legacy) {
            assertThat(signature(find(placed, facp.getInt(36)))).isEqualTo("FACS");
            assertThat(facp.getInt(36) % 64).isZero();
        } else {
            assertThat(facp.getInt(36)).isZero();
        }
        assertThat((facp.getInt(112) & 1 << 20) == 0).isEqualTo(legacy);
        for (Placed table : placed) {
            if (!Set.of("RSDP", "FACS").contains(table.name())) {
                assertThat(sum(table.bytes(), table.bytes().length)).as(table.name()).isZero();
                assertThat(ByteBuffer.wrap(table.bytes()).order(ByteOrder.LITTLE_ENDIAN).getInt(4))
                        .isEqualTo(table.bytes().length);
            }
        }
        List<Placed> sorted = placed.stream()
                .sorted(Comparator.comparingLong(Placed::address))
                .toList();
        for (int i = 1; i < sorted.size(); i++) {
            assertThat(sorted.get(i).address()).isGreaterThanOrEqualTo(sorted.get(i - 1).end());
        }
        assertThat(sorted.getLast().end()).isLessThanOrEqualTo(LIMIT);
    }

    @Test
    void tooManyTablesAreRefused() {
        AcpiTables tables = new AcpiTables(fadt(false), dsdt(), false, List.of());
        assertThatThrownBy(() -> tables.place(RSDP, TABLES, TABLES + 100))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there are 100");
    }

    /** Disassembles every table with ACPICA, and compiles the DSDT's disassembly again: no error, no warning. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void acpicaReadsThemWithoutWarnings(boolean legacy, @TempDir Path folder) throws Exception {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":")).anyMatch(p -> Files.isExecutable(Path.of(p, "iasl"))),
                "iasl is not installed (Debian: acpica-tools)");
        for (Placed table : tables(legacy)) {
            if (table.name().equals("RSDP")) {
                continue;
            }
            Files.write(folder.resolve(table.name() + ".aml"), table.bytes());
            String said = run(folder, "iasl", "-d", table.name() + ".aml");
            assertThat(said.toLowerCase(Locale.ROOT)).as(table.name()).doesNotContain("error", "warning");
            String text = Files.readString(folder.resolve(table.name() + ".dsl"));
            assertThat(text).as(table.name()).doesNotContain("Invalid", "Unknown", "ERROR");
        }
        String compiled = run(folder, "iasl", "-p", "again", "DSDT.dsl");
        assertThat(compiled).contains("Compilation successful. 0 Errors, 0 Warnings");
    }

    private static String run(Path folder, String... command) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("iasl ended").isTrue();
        String said = Files.readString(log);
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }
}
