package dev.quoll.machine;

/**
 * The memory-space face of a device; see {@link PortDevice} for what the bus has already done. Called from any vCPU
 * thread; must not allocate.
 */
public interface MmioDevice {
    /** Value in the low {@code width} bytes. @param width 1, 2, 4 or 8 */
    long readMmio(long offset, int width);

    void writeMmio(long offset, int width, long value);
}
