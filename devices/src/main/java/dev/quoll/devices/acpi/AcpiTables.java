package dev.quoll.devices.acpi;

import java.util.ArrayList;
import java.util.List;

/**
 * Lays a set of tables out in memory with RSDP, RSDT and XSDT (ACPI 6.5, 5.2.5-5.2.8).
 *
 * @param fadt the FADT's content; its table is made once the addresses are known
 * @param dsdt the DSDT
 * @param facs whether there is a FACS; not on hardware-reduced platforms
 * @param others every further table, in order
 */
public record AcpiTables(Fadt fadt, AcpiTable dsdt, boolean facs, List<AcpiTable> others) {
    private static final int ALIGNMENT = 64;
    private static final int RSDP_LENGTH = 36;
    private static final int RSDP_V1_LENGTH = 20;
    private static final int RSDP_CHECKSUM_AT = 8;
    private static final int RSDP_EXTENDED_CHECKSUM_AT = 32;

    /** Bytes at a guest-physical address. */
    public record Placed(String name, long address, byte[] bytes) {
        /** First address behind. */
        public long end() {
            return address + bytes.length;
        }
    }

    public AcpiTables {
        others = List.copyOf(others);
    }

    /**
     * Places everything.
     *
     * @param rsdp address of the RSDP, a multiple of 16, where the guest's boot protocol or its search finds it
     * @param tables where the tables start, below 4 GiB
     * @param limit first address that tables must not reach
     * @throws IllegalArgumentException when they do not fit
     */
    public List<Placed> place(long rsdp, long tables, long limit) {
        List<Placed> placed = new ArrayList<>();
        long[] next = {tables};
        long facsAt = facs ? put(placed, next, Fadt.facs()) : 0;
        long dsdtAt = put(placed, next, dsdt);
        List<Long> addresses = new ArrayList<>();
        addresses.add(put(placed, next, fadt.table(facsAt, dsdtAt)));
        for (AcpiTable other : others) {
            addresses.add(put(placed, next, other));
        }
        ByteSequence narrow = new ByteSequence();
        ByteSequence wide = new ByteSequence();
        for (long address : addresses) {
            narrow.u32(address);
            wide.u64(address);
        }
        long rsdt = put(placed, next, AcpiTable.of("RSDT", 1, narrow.toBytes()));
        long xsdt = put(placed, next, AcpiTable.of("XSDT", 1, wide.toBytes()));
        if (next[0] > limit) {
            throw new IllegalArgumentException(
                    "ACPI tables need %d bytes, there are %d".formatted(next[0] - tables, limit - tables));
        }
        placed.add(new Placed("RSDP", rsdp, rsdp(rsdt, xsdt)));
        return placed;
    }

    private static long put(List<Placed> placed, long[] next, AcpiTable table) {
        long at = next[0] + ALIGNMENT - 1 & -ALIGNMENT;
        placed.add(new Placed(table.signature(), at, table.bytes()));
        next[0] = at + table.bytes().length;
        return at;
    }

    private static byte[] rsdp(long rsdt, long xsdt) {
        byte[] bytes = new ByteSequence()
                .text("RSD PTR ", 8)
                .u8(0)
                .text("QUOLL", 6)
                .u8(2)
                .u32(rsdt)
                .u32(RSDP_LENGTH)
                .u64(xsdt)
                .zeros(4)
                .toBytes();
        ByteSequence.setChecksum(bytes, 0, RSDP_V1_LENGTH, RSDP_CHECKSUM_AT);
        ByteSequence.setChecksum(bytes, 0, RSDP_LENGTH, RSDP_EXTENDED_CHECKSUM_AT);
        return bytes;
    }
}
