package dev.quoll.devices.acpi;

/**
 * One system description table: the 36-byte header, a body and a valid checksum (ACPI 6.5, 5.2.6).
 *
 * @param signature four characters
 * @param bytes the whole table; holders do not change it
 */
public record AcpiTable(String signature, byte[] bytes) {
    static final int HEADER_LENGTH = 36;

    private static final String OEM_ID = "QUOLL";
    private static final String OEM_TABLE_ID = "QUOLLPC";
    private static final int OEM_REVISION = 1;
    private static final String CREATOR_ID = "QUOL";
    private static final int CHECKSUM_AT = 9;

    /** Puts a header before a body. */
    public static AcpiTable of(String signature, int revision, byte[] body) {
        byte[] bytes = new ByteSequence()
                .text(signature, 4)
                .u32(HEADER_LENGTH + body.length)
                .u8(revision)
                .u8(0)
                .text(OEM_ID, 6)
                .text(OEM_TABLE_ID, 8)
                .u32(OEM_REVISION)
                .text(CREATOR_ID, 4)
                .u32(1)
                .bytes(body)
                .toBytes();
        ByteSequence.setChecksum(bytes, 0, bytes.length, CHECKSUM_AT);
        return new AcpiTable(signature, bytes);
    }

    /** The differentiated system description table, with 64-bit integers. */
    public static AcpiTable dsdt(AmlTerm... content) {
        return of("DSDT", 2, joined(content));
    }

    /** A secondary system description table. */
    public static AcpiTable ssdt(AmlTerm... content) {
        return of("SSDT", 2, joined(content));
    }

    private static byte[] joined(AmlTerm... content) {
        ByteSequence out = new ByteSequence();
        for (AmlTerm term : content) {
            term.writeTo(out);
        }
        return out.toBytes();
    }

    /** The memory-mapped configuration table: one segment (PCI Firmware Specification 3.0, 4.1.2). */
    public static AcpiTable mcfg(long ecamBase, int firstBus, int lastBus) {
        return of(
                "MCFG",
                1,
                new ByteSequence()
                        .zeros(8)
                        .u64(ecamBase)
                        .u16(0)
                        .u8(firstBus)
                        .u8(lastBus)
                        .u32(0)
                        .toBytes());
    }

    /**
     * The HPET description table (IA-PC HPET Specification 1.0a, 3.2.4).
     *
     * @param capabilities the low half of the device's capabilities register
     * @param minimumTick shortest period without lost interrupts, in ticks
     */
    public static AcpiTable hpet(long base, long capabilities, int minimumTick) {
        ByteSequence body = new ByteSequence().u32(capabilities);
        GenericAddress.memory(base, 64, 0).writeTo(body);
        return of("HPET", 1, body.u8(0).u16(minimumTick).u8(0).toBytes());
    }
}
