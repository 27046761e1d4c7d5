package dev.quoll.boot;

import dev.quoll.devices.acpi.AcpiTables;
import dev.quoll.devices.firmware.FirmwareConfig;
import dev.quoll.devices.firmware.TableLoader;
import dev.quoll.devices.smbios.SmbiosTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * The ACPI and SMBIOS tables as files for firmware, which places them and mends what depends on their places: pointers hold offsets
 * within their file until the loader's script adds its address.
 */
final class FirmwareTables {
    private static final String RSDP = "etc/acpi/rsdp";
    private static final String TABLES = "etc/acpi/tables";
    private static final String SCRIPT = "etc/table-loader";

    /** Files keep their lengths, whatever firmware has placed where before it looks at them. */
    private static final int TABLES_LENGTH = 0x8000;

    private static final int SCRIPT_LENGTH = 0x1000;

    private static final int HEADER = 36;
    private static final int CHECKSUM = 9;
    private static final int FADT_FACS = 36;
    private static final int FADT_DSDT = 40;
    private static final int FADT_DSDT_WIDE = 140;
    private static final int RSDP_RSDT = 16;
    private static final int RSDP_XSDT = 24;
    private static final int RSDP_OLD_LENGTH = 20;
    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_WIDE_CHECKSUM = 32;
    private static final int RSDP_ALIGNMENT = 16;
    private static final int TABLE_ALIGNMENT = 64;

    private final byte[] tables = new byte[TABLES_LENGTH];
    private byte[] rsdp;
    private final TableLoader script = new TableLoader()
            .allocate(RSDP, RSDP_ALIGNMENT, TableLoader.Zone.SEARCHED)
            .allocate(TABLES, TABLE_ALIGNMENT, TableLoader.Zone.HIGH);

    private FirmwareTables(AcpiTables source) {
        List<AcpiTables.Placed> placed = source.place(0, 0, TABLES_LENGTH);
        for (AcpiTables.Placed table : placed) {
            if (table.name().equals("RSDP")) {
                rsdp = table.bytes().clone();
            } else {
                System.arraycopy(table.bytes(), 0, tables, (int) table.address(), table.bytes().length);
            }
        }
        for (AcpiTables.Placed table : placed) {
            switch (table.name()) {
                case "FACP" -> description(table);
                case "RSDT" -> list(table, 4);
                case "XSDT" -> list(table, 8);
                default -> {
                    // Holds no addresses of other tables.
                }
            }
        }
        root();
    }

    private void description(AcpiTables.Placed fadt) {
        int at = (int) fadt.address();
        script.addPointer(TABLES, TABLES, at + FADT_FACS, 4)
                .addPointer(TABLES, TABLES, at + FADT_DSDT, 4)
                .addPointer(TABLES, TABLES, at + FADT_DSDT_WIDE, 8);
        checksum(fadt);
    }

    private void list(AcpiTables.Placed table, int width) {
        int at = (int) table.address();
        for (int entry = HEADER; entry < table.bytes().length; entry += width) {
            script.addPointer(TABLES, TABLES, at + entry, width);
        }
        checksum(table);
    }

    private void checksum(AcpiTables.Placed table) {
        int at = (int) table.address();
        // Some loaders add to what is there, some do not: there has to be nothing.
        tables[at + CHECKSUM] = 0;
        script.addChecksum(TABLES, at + CHECKSUM, at, table.bytes().length);
    }

    private void root() {
        rsdp[RSDP_CHECKSUM] = 0;
        rsdp[RSDP_WIDE_CHECKSUM] = 0;
        script.addPointer(RSDP, TABLES, RSDP_RSDT, 4)
                .addPointer(RSDP, TABLES, RSDP_XSDT, 8)
                .addChecksum(RSDP, RSDP_CHECKSUM, 0, RSDP_OLD_LENGTH)
                .addChecksum(RSDP, RSDP_WIDE_CHECKSUM, 0, rsdp.length);
    }

    /** Adds the files. @param tables the ACPI tables as they are when firmware asks for them */
    static void into(FirmwareConfig config, Supplier<AcpiTables> tables, SmbiosTable smbios) {
        config.file(RSDP, () -> new FirmwareTables(tables.get()).rsdp);
        config.file(TABLES, () -> new FirmwareTables(tables.get()).tables);
        // What is behind the script's end are entries without a command, which loaders pass over.
        config.file(SCRIPT, () -> Arrays.copyOf(new FirmwareTables(tables.get()).script.bytes(), SCRIPT_LENGTH));
        byte[] structures = smbios.structures();
        config.file("etc/smbios/smbios-anchor", smbios.entryPoint(0, structures.length));
        config.file("etc/smbios/smbios-tables", structures);
    }

    /** The memory map in the form of the BIOS's E820 call: RAM, and what may not be taken for room. */
    static byte[] memoryMap(FirmwareMemory map) {
        int ram = 1;
        int reserved = 2;
        int entry = 20;
        ByteBuffer out = ByteBuffer.allocate((map.highSize() > 0 ? 3 : 2) * entry).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(0).putLong(map.lowEnd()).putInt(ram);
        out.putLong(BoardMap.KVM_PAGES).putLong(BoardMap.KVM_PAGES_SIZE).putInt(reserved);
        if (map.highSize() > 0) {
            out.putLong(BoardMap.FOUR_GIB).putLong(map.highSize()).putInt(ram);
        }
        return out.array();
    }
}
