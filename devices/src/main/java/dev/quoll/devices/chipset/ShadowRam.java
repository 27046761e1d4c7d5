package dev.quoll.devices.chipset;

/**
 * How the 256 KiB below 1 MiB are decoded, segment by segment: what the programmable attribute map of the memory controller says
 * (Intel 3 Series Express Chipset data sheet, 5.1.10-16). Seven registers at 0x90-0x96: the upper half of the first is the segment of
 * 64 KiB at 0xf0000, each half of the others one of 16 KiB from 0xc0000 on.
 */
public final class ShadowRam {
    /** First address. */
    public static final long BASE = 0xc0000;
    /** Bytes. */
    public static final int LENGTH = 0x40000;
    /** Registers. */
    public static final int REGISTERS = 7;
    /** Segments, ascending by address. */
    public static final int SEGMENTS = 13;

    private static final int SMALL = 0x4000;
    private static final int SMALL_SEGMENTS = 12;
    private static final int READ = 1;
    private static final int WRITE = 2;

    /** Where an access to a segment goes. */
    public enum Access {
        /** Reads and writes to what is on the bus: ROM. */
        ROM,
        /** Reads to RAM, writes nowhere. */
        READ_ONLY,
        /** Reads to ROM, writes to RAM. */
        WRITE_ONLY,
        RAM
    }

    private ShadowRam() {}

    /** First address of a segment. @param segment 0 to {@link #SEGMENTS} - 1 */
    public static long address(int segment) {
        return BASE + (long) segment * SMALL;
    }

    /** Bytes of a segment. */
    public static int length(int segment) {
        return segment < SMALL_SEGMENTS ? SMALL : LENGTH - SMALL_SEGMENTS * SMALL;
    }

    /** The segment of an address within the range. */
    public static int segmentOf(long address) {
        return Math.min((int) (address - BASE) / SMALL, SMALL_SEGMENTS);
    }

    /** How a segment is decoded. @param registers the {@link #REGISTERS} bytes of the attribute map */
    public static Access access(byte[] registers, int segment) {
        int attributes = segment == SMALL_SEGMENTS
                ? registers[0] >>> 4
                : registers[1 + segment / 2] >>> segment % 2 * 4;
        return switch (attributes & (READ | WRITE)) {
            case READ -> Access.READ_ONLY;
            case WRITE -> Access.WRITE_ONLY;
            case READ | WRITE -> Access.RAM;
            default -> Access.ROM;
        };
    }
}
