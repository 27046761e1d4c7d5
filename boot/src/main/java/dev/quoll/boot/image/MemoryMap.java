package dev.quoll.boot.image;

import java.util.List;

/**
 * The guest's physical address space as it is told to the kernel: sorted, without overlap. Addresses not listed are
 * holes.
 */
public record MemoryMap(List<Range> ranges) {
    /** ACPI 6.5, table 15.7, "Address Range Types"; Linux's E820 and Xen's PVH use the same numbers. */
    public enum Type {
        RAM(1),
        RESERVED(2),
        ACPI_RECLAIM(3),
        ACPI_NVS(4),
        UNUSABLE(5),
        PERSISTENT(7);

        private final int number;

        Type(int number) {
            this.number = number;
        }

        /** The number in the tables. */
        public int number() {
            return number;
        }
    }

    /**
     * @param start first guest-physical address
     * @param size bytes, more than zero
     */
    public record Range(long start, long size, Type type) {
        public Range {
            if (start < 0 || size <= 0 || start + size < 0) {
                throw new IllegalArgumentException("not a range: 0x%x + 0x%x".formatted(start, size));
            }
        }

        /** First address behind the range. */
        public long end() {
            return start + size;
        }
    }

    private static final long FOUR_GIB = 1L << 32;
    static final long ONE_MIB = 1L << 20;

    public MemoryMap {
        ranges = List.copyOf(ranges);
        long end = 0;
        for (Range range : ranges) {
            if (range.start < end) {
                throw new IllegalArgumentException("memory map ranges overlap or are not sorted at 0x%x".formatted(range.start));
            }
            end = range.end();
        }
    }

    /** Whether {@code size} bytes from {@code start} lie within one range of RAM. */
    boolean isRam(long start, long size) {
        for (Range range : ranges) {
            if (range.type == Type.RAM && start >= range.start && start < range.end()) {
                return size >= 0 && size <= range.end() - start;
            }
        }
        return false;
    }

    /** End of the RAM that holds the first MiB's end, at most 4 GiB: where kernels and initial ramdisks go. */
    long lowRamEnd() throws ImageException {
        for (Range range : ranges) {
            if (range.type == Type.RAM && range.start <= ONE_MIB && range.end() > ONE_MIB) {
                return Math.min(range.end(), FOUR_GIB);
            }
        }
        throw new ImageException("The guest has no RAM at 1 MiB, where a kernel could be loaded.");
    }
}
