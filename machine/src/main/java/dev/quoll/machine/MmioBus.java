package dev.quoll.machine;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * Device registers in guest-physical memory space. Dispatch is a binary search over sorted arrays, lock-free and without
 * allocation, from any vCPU thread; ranges may be added and removed while vCPUs run (BARs move).
 *
 * <p>The rules of access live here and in no device: an access that a device does not take at its width is split or
 * widened ({@link AccessWidths}); one that straddles two ranges is split; where no device is, reads give all ones and
 * writes are dropped, as on a real bus.
 */
public final class MmioBus {
    /** One immutable view of the registered ranges, ascending and disjoint. */
    private record Ranges(long[] bases, long[] ends, MmioDevice[] devices, AccessWidths[] widths) {
        int find(long address) {
            int low = 0;
            int high = bases.length - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (Long.compareUnsigned(address, bases[middle]) < 0) {
                    high = middle - 1;
                } else if (Long.compareUnsigned(address, ends[middle]) >= 0) {
                    low = middle + 1;
                } else {
                    return middle;
                }
            }
            return -1;
        }
    }

    private volatile Ranges ranges = new Ranges(new long[0], new long[0], new MmioDevice[0], new AccessWidths[0]);
    private final LongAdder unclaimed = new LongAdder();

    /**
     * Adds a range.
     *
     * @param base first address
     * @param length bytes, at least 1
     * @throws IllegalArgumentException when it overlaps a registered range
     */
    public synchronized void register(long base, long length, AccessWidths widths, MmioDevice device) {
        Ranges old = ranges;
        int count = old.bases.length;
        int at = 0;
        while (at < count && Long.compareUnsigned(old.bases[at], base) < 0) {
            at++;
        }
        long end = base + length;
        if (length <= 0
                || at > 0 && Long.compareUnsigned(old.ends[at - 1], base) > 0
                || at < count && Long.compareUnsigned(old.bases[at], end) < 0) {
            throw new IllegalArgumentException("bus range 0x%x + 0x%x is empty or overlaps another".formatted(base, length));
        }
        ranges = new Ranges(
                inserted(old.bases, at, base),
                inserted(old.ends, at, end),
                inserted(old.devices, at, device),
                inserted(old.widths, at, widths));
    }

    /** Removes the range that starts at {@code base}; false when there is none. */
    public synchronized boolean unregister(long base) {
        Ranges old = ranges;
        int at = old.find(base);
        if (at < 0 || old.bases[at] != base) {
            return false;
        }
        ranges = new Ranges(
                removed(old.bases, at), removed(old.ends, at), removed(old.devices, at), removed(old.widths, at));
        return true;
    }

    private static long[] inserted(long[] array, int at, long value) {
        long[] copy = new long[array.length + 1];
        System.arraycopy(array, 0, copy, 0, at);
        copy[at] = value;
        System.arraycopy(array, at, copy, at + 1, array.length - at);
        return copy;
    }

    private static <T> T[] inserted(T[] array, int at, T value) {
        T[] copy = Arrays.copyOf(array, array.length + 1);
        System.arraycopy(array, at, copy, at + 1, array.length - at);
        copy[at] = value;
        return copy;
    }

    private static long[] removed(long[] array, int at) {
        long[] copy = Arrays.copyOf(array, array.length - 1);
        System.arraycopy(array, at + 1, copy, at, copy.length - at);
        return copy;
    }

    private static <T> T[] removed(T[] array, int at) {
        T[] copy = Arrays.copyOf(array, array.length - 1);
        System.arraycopy(array, at + 1, copy, at, copy.length - at);
        return copy;
    }

    /** Whether a device claims this address. */
    public boolean claims(long address) {
        return ranges.find(address) >= 0;
    }

    /** Accesses since the start that no device claimed; a wrong guest or board shows here. */
    public long unclaimedAccesses() {
        return unclaimed.sum();
    }

    /**
     * Reads {@code width} bytes.
     *
     * @param width 1, 2, 4 or 8
     * @return the value, zero-extended
     */
    public long read(long address, int width) {
        Ranges now = ranges;
        int at = now.find(address);
        if (at < 0 || Long.compareUnsigned(address + width, now.ends[at]) > 0) {
            return readAcross(at, address, width);
        }
        AccessWidths widths = now.widths[at];
        MmioDevice device = now.devices[at];
        long offset = address - now.bases[at];
        if (width >= widths.min() && width <= widths.max() && (offset & (width - 1)) == 0) {
            return device.readMmio(offset, width) & mask(width);
        }
        return width > widths.min() ? readHalves(address, width) : readWidened(device, offset, width, widths.min());
    }

    /** Writes the low {@code width} bytes of {@code value}; see {@link #read}. */
    public void write(long address, int width, long value) {
        Ranges now = ranges;
        int at = now.find(address);
        if (at < 0 || Long.compareUnsigned(address + width, now.ends[at]) > 0) {
            writeAcross(at, address, width, value);
            return;
        }
        AccessWidths widths = now.widths[at];
        MmioDevice device = now.devices[at];
        long offset = address - now.bases[at];
        if (width >= widths.min() && width <= widths.max() && (offset & (width - 1)) == 0) {
            device.writeMmio(offset, width, value & mask(width));
        } else if (width > widths.min()) {
            int half = width >> 1;
            write(address, half, value);
            write(address + half, half, value >>> (8 * half));
        } else {
            writeWidened(device, offset, width, widths.min(), value);
        }
    }

    private long readAcross(int at, long address, int width) {
        if (width > 1) {
            return readHalves(address, width);
        }
        if (at < 0) {
            unclaimed.increment();
        }
        return mask(width);
    }

    private void writeAcross(int at, long address, int width, long value) {
        if (width > 1) {
            int half = width >> 1;
            write(address, half, value);
            write(address + half, half, value >>> (8 * half));
        } else if (at < 0) {
            unclaimed.increment();
        }
    }

    private long readHalves(long address, int width) {
        int half = width >> 1;
        return read(address, half) | read(address + half, half) << (8 * half);
    }

    /** A read narrower than the register: read the whole register, or two where the bytes straddle them, and cut. */
    private static long readWidened(MmioDevice device, long offset, int width, int min) {
        long aligned = offset & -min;
        int shift = (int) (offset - aligned) * 8;
        long value = (device.readMmio(aligned, min) & mask(min)) >>> shift;
        if (shift + 8 * width > 8 * min) {
            value |= device.readMmio(aligned + min, min) << (8 * min - shift);
        }
        return value & mask(width);
    }

    private static void writeWidened(MmioDevice device, long offset, int width, int min, long value) {
        long aligned = offset & -min;
        int shift = (int) (offset - aligned) * 8;
        long old = device.readMmio(aligned, min);
        long bits = mask(width) << shift;
        device.writeMmio(aligned, min, (old & ~bits | value << shift & bits) & mask(min));
        if (shift + 8 * width > 8 * min) {
            int spill = 8 * min - shift;
            long upperBits = mask(width) >>> spill;
            long upper = device.readMmio(aligned + min, min);
            device.writeMmio(aligned + min, min, (upper & ~upperBits | value >>> spill & upperBits) & mask(min));
        }
    }

    private static long mask(int width) {
        return -1L >>> (64 - 8 * width);
    }
}
