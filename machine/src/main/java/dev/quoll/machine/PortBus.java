package dev.quoll.machine;

/**
 * The 64 KiB of x86 port space. Same rules, threads and costs as {@link MmioBus}, which does the work.
 */
public final class PortBus {
    private final MmioBus space = new MmioBus();

    private record Face(PortDevice device) implements MmioDevice {
        @Override
        public long readMmio(long offset, int width) {
            return device.readPort((int) offset, width);
        }

        @Override
        public void writeMmio(long offset, int width, long value) {
            device.writePort((int) offset, width, (int) value);
        }
    }

    /**
     * Adds a range of ports.
     *
     * @param base first port
     * @param length number of ports
     * @throws IllegalArgumentException when it overlaps a registered range or leaves port space
     */
    public void register(int base, int length, AccessWidths widths, PortDevice device) {
        if (base < 0 || base + length > 0x10000 || widths.max() > 4) {
            throw new IllegalArgumentException("port range 0x%x + %d, %s".formatted(base, length, widths));
        }
        space.register(base, length, widths, new Face(device));
    }

    /** Removes the range that starts at {@code base}; false when there is none. */
    public boolean unregister(int base) {
        return space.unregister(base);
    }

    /** Whether a device claims this port. */
    public boolean claims(int port) {
        return space.claims(port & 0xffff);
    }

    /** Accesses since the start that no device claimed. */
    public long unclaimedAccesses() {
        return space.unclaimedAccesses();
    }

    /** Reads 1, 2 or 4 bytes; the value is zero-extended into the low {@code width} bytes. */
    public int read(int port, int width) {
        return (int) space.read(port & 0xffff, width);
    }

    /** Writes the low 1, 2 or 4 bytes of {@code value}. */
    public void write(int port, int width, int value) {
        space.write(port & 0xffff, width, value);
    }
}
