package dev.quoll.machine;

/**
 * The access widths a register range accepts, in bytes. Wider guest accesses are split by the bus into {@code max}-wide
 * ones; narrower reads are taken out of a {@code min}-wide read; narrower writes reach the device as a {@code min}-wide
 * write of the bytes in place, the others read back from the device first.
 *
 * @param min 1, 2, 4 or 8
 * @param max 1, 2, 4 or 8, not below min
 */
public record AccessWidths(int min, int max) {
    public static final AccessWidths BYTE = new AccessWidths(1, 1);
    public static final AccessWidths DWORD = new AccessWidths(4, 4);
    public static final AccessWidths BYTE_TO_DWORD = new AccessWidths(1, 4);
    public static final AccessWidths BYTE_TO_QWORD = new AccessWidths(1, 8);
    public static final AccessWidths DWORD_TO_QWORD = new AccessWidths(4, 8);

    public AccessWidths {
        if (Integer.bitCount(min) != 1 || Integer.bitCount(max) != 1 || min < 1 || max > 8 || min > max) {
            throw new IllegalArgumentException("access widths " + min + ".." + max);
        }
    }
}
