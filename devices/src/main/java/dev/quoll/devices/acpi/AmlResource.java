package dev.quoll.devices.acpi;

/**
 * Resource descriptors for {@code _CRS} (ACPI 6.5, 6.4). Ranges are fixed: a virtual board moves nothing.
 */
public final class AmlResource {
    /** Type of an address-space descriptor. */
    private static final int MEMORY_RANGE = 0;

    private static final int IO_RANGE = 1;
    private static final int BUS_RANGE = 2;
    /** General flags: producer, positive decode, minimum and maximum fixed. */
    private static final int FIXED = 0x0c;

    private final byte[] bytes;

    private AmlResource(ByteSequence bytes) {
        this.bytes = bytes.toBytes();
    }

    byte[] bytes() {
        return bytes;
    }

    /** I/O ports that decode 16 bits. @param length 1-255 */
    public static AmlResource ports(int base, int length) {
        return new AmlResource(
                new ByteSequence().u8(0x47).u8(1).u16(base).u16(base).u8(0).u8(length));
    }

    /** A fixed 32-bit memory range. */
    public static AmlResource memory32(long base, long length, boolean writable) {
        return new AmlResource(
                new ByteSequence().u8(0x86).u16(9).u8(writable ? 1 : 0).u32(base).u32(length));
    }

    /** An ISA interrupt (edge, active high), 0-15. */
    public static AmlResource isaInterrupt(int irq) {
        return new AmlResource(new ByteSequence().u8(0x22).u16(1 << irq));
    }

    /** A global system interrupt. */
    public static AmlResource interrupt(int gsi, boolean level, boolean activeLow, boolean shared) {
        int flags = 1 | (level ? 0 : 2) | (activeLow ? 4 : 0) | (shared ? 8 : 0);
        return new AmlResource(
                new ByteSequence().u8(0x89).u16(6).u8(flags).u8(1).u32(gsi));
    }

    /** Bus numbers a PCI root hands out. */
    public static AmlResource busWindow(int first, int last) {
        return window16(BUS_RANGE, 0, first, last);
    }

    /** Ports a PCI root hands out. */
    public static AmlResource portWindow(int first, int last) {
        return window16(IO_RANGE, 3, first, last);
    }

    private static AmlResource window16(int type, int typeFlags, int first, int last) {
        return new AmlResource(new ByteSequence()
                .u8(0x88)
                .u16(13)
                .u8(type)
                .u8(FIXED)
                .u8(typeFlags)
                .u16(0)
                .u16(first)
                .u16(last)
                .u16(0)
                .u16(last - first + 1));
    }

    /** 32-bit memory a PCI root hands out, not cacheable, read and write. @param last last byte */
    public static AmlResource memoryWindow32(long first, long last) {
        return new AmlResource(new ByteSequence()
                .u8(0x87)
                .u16(23)
                .u8(MEMORY_RANGE)
                .u8(FIXED)
                .u8(1)
                .u32(0)
                .u32(first)
                .u32(last)
                .u32(0)
                .u32(last - first + 1));
    }

    /** 64-bit memory a PCI root hands out; see {@link #memoryWindow32}. */
    public static AmlResource memoryWindow64(long first, long last) {
        return new AmlResource(new ByteSequence()
                .u8(0x8a)
                .u16(43)
                .u8(MEMORY_RANGE)
                .u8(FIXED)
                .u8(1)
                .u64(0)
                .u64(first)
                .u64(last)
                .u64(0)
                .u64(last - first + 1));
    }
}
