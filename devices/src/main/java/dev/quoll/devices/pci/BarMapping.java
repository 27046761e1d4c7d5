package dev.quoll.devices.pci;

/**
 * Where a function's BARs are to appear: implemented by whoever owns the bus that the BAR decodes. Called with the
 * function's configuration lock held, with at most one mapping of a BAR at a time.
 */
public interface BarMapping {
    /**
     * The BAR decodes from now on at {@code address}.
     *
     * @return false when that place is taken; the BAR then stays unmapped, and no {@link #unmap} follows
     */
    boolean map(int bar, long address, long size);

    /** The BAR stops decoding at {@code address}. */
    void unmap(int bar, long address, long size);
}
