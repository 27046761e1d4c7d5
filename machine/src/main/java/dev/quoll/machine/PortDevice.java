package dev.quoll.machine;

/**
 * The port-space face of a device. The bus has already split, widened or narrowed each access to the widths that the
 * range was registered with, and {@code offset} is relative to the range's base. Called from any vCPU thread; must not
 * allocate.
 */
public interface PortDevice {
    /** Value in the low {@code width} bytes. @param width 1, 2 or 4 */
    int readPort(int offset, int width);

    void writePort(int offset, int width, int value);
}
