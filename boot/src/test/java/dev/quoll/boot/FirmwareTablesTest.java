package dev.quoll.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.firmware.FirmwareConfig;
import dev.quoll.devices.smbios.SmbiosTable;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The tables as firmware gets them: read from the configuration device, placed by a loader of the test's own. */
class FirmwareTablesTest {
    private static final long PLACE = 0x7ff0_0000L;

    private final FirmwareMemory map =
            new FirmwareMemory(3L << 30, new FirmwareImage("test", new byte[0x20000], Optional.empty()));
    private final Map<String, byte[]> files = new HashMap<>();
    private final Map<String, Long> places = new HashMap<>();

    private static String text(ByteBuffer from) {
        byte[] name = new byte[56];
        from.get(name);
        return new String(name, StandardCharsets.US_ASCII).replace("\0", "");
    }

    private void read(long configWindow) throws Exception {
        try (GuestMemory memory = GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, 0x1000, 0)))) {
            FirmwareConfig config = new FirmwareConfig(memory);
            SmbiosTable smbios = new SmbiosTable(
                    "1", "product", "1", "", new UUID(1, 2), new SmbiosTable.Processor("cpu", 1, 2, 3, 4), 3L << 30);
            FirmwareTables.into(
                    config, () -> new BoardAcpi(AcpiBoard.withFirmware(map, configWindow, 256L << 20, 0x600), 4).tables(), smbios);
            config.writePort(0, 2, 0x19);
            ByteBuffer directory = ByteBuffer.wrap(bytes(config, 4 + 64 * 5));
            for (int left = directory.getInt(); left > 0; left--) {
                int size = directory.getInt();
                int selector = directory.getInt() >>> 16;
                String name = text(directory);
                config.writePort(0, 2, selector);
                files.put(name, bytes(config, size));
            }
        }
    }

    private static byte[] bytes(FirmwareConfig config, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) config.readPort(1, 1);
        }
        return bytes;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void run() {
        ByteBuffer script = little(files.get("etc/table-loader"));
        for (int at = 0; at < script.capacity(); at += 128) {
            script.position(at);
            switch (script.getInt()) {
                case 1 -> {
                    String file = text(script);
                    int alignment = script.getInt();
                    long place = file.endsWith("rsdp") ? 0xf0000 : PLACE;
                    assertThat(place % alignment).isZero();
                    assertThat(script.get()).isEqualTo((byte) (file.endsWith("rsdp") ? 2 : 1));
                    places.put(file, place);
                }
                case 2 -> {
                    ByteBuffer file = little(files.get(text(script)));
                    long base = places.get(text(script));
                    int offset = script.getInt();
                    if (script.get() == 8) {
                        file.putLong(offset, file.getLong(offset) + base);
                    } else {
                        file.putInt(offset, (int) (file.getInt(offset) + base));
                    }
                }
                case 3 -> {
                    byte[] file = files.get(text(script));
                    int where = script.getInt();
                    int start = script.getInt();
                    int length = script.getInt();
                    assertThat(file[where]).as("some loaders set, some add").isZero();
                    file[where] = (byte) -sum(file, start, length);
                }
                default -> assertThat(script.getInt(at)).as("the end").isZero();
            }
        }
    }

    private static int sum(byte[] bytes, int start, int length) {
        int sum = 0;
        for (int i = start; i < start + length; i++) {
            sum += bytes[i];
        }
        return sum & 0xff;
    }

    /** A table where its address says it is, with a right checksum. */
    private ByteBuffer table(long address, String signature) {
        byte[] all = files.get("etc/acpi/tables");
        int at = Math.toIntExact(address - PLACE);
        ByteBuffer table = little(all).slice(at, all.length - at).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(new String(all, at, 4, StandardCharsets.US_ASCII)).isEqualTo(signature);
        if (!signature.equals("FACS")) {
            assertThat(sum(all, at, table.getInt(4))).as("checksum of %s", signature).isZero();
        }
        return table;
    }

    @Test
    void everyPointerLeadsToItsTable() throws Exception {
        read(0xb000_0000L);
        run();
        byte[] rsdp = files.get("etc/acpi/rsdp");
        assertThat(sum(rsdp, 0, 20)).isZero();
        assertThat(sum(rsdp, 0, 36)).isZero();
        ByteBuffer narrow = table(little(rsdp).getInt(16) & 0xffff_ffffL, "RSDT");
        ByteBuffer wide = table(little(rsdp).getLong(24), "XSDT");
        String[] signatures = {"FACP", "APIC", "MCFG", "HPET"};
        assertThat((wide.getInt(4) - 36) / 8).isEqualTo(signatures.length);
        for (int i = 0; i < signatures.length; i++) {
            table(wide.getLong(36 + 8 * i), signatures[i]);
            assertThat(narrow.getInt(36 + 4 * i)).isEqualTo((int) wide.getLong(36 + 8 * i));
        }
        ByteBuffer fadt = table(wide.getLong(36), "FACP");
        table(fadt.getInt(36) & 0xffff_ffffL, "FACS");
        table(fadt.getLong(140), "DSDT");
        assertThat(fadt.getInt(40)).isEqualTo((int) fadt.getLong(140));
        assertThat(fadt.getInt(56)).as("PM1a event block").isEqualTo(0x600);
        assertThat(table(wide.getLong(36 + 16), "MCFG").getLong(44)).isEqualTo(0xb000_0000L);
    }

    @Test
    void filesKeepTheirLengthsWhereverTheWindowIs() throws Exception {
        read(-1);
        Map<String, Integer> before = new HashMap<>();
        files.forEach((name, bytes) -> before.put(name, bytes.length));
        run();
        assertThat(new String(files.get("etc/acpi/tables"), StandardCharsets.ISO_8859_1)).doesNotContain("MCFG");
        read(0xe000_0000L);
        files.forEach((name, bytes) -> assertThat(bytes.length).as(name).isEqualTo(before.get(name)));
    }

    @Test
    void theMapShowsRamRomAndWhatIsBehind() {
        List<RamRegion> regions = map.regions();
        assertThat(regions.getLast().guestAddress()).isEqualTo(1L << 32);
        assertThat(regions).contains(new RamRegion(0xe0000, 0x20000, 3L << 30, false));
        assertThat(regions).contains(new RamRegion(0xfffe_0000L, 0x20000, 3L << 30, false));
        assertThat(regions.stream().filter(RamRegion::writable).mapToLong(RamRegion::size).sum())
                .isEqualTo((3L << 30) - 0x60000);
    }
}
