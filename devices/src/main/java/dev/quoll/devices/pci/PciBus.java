package dev.quoll.devices.pci;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.MmioDevice;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * PCI bus 0: 32 devices of 8 functions. Functions may come and go while vCPUs run. Empty places read as all ones, as a
 * master abort does (PCI Local Bus 3.0, 6.1), and so do the buses behind it: there are none.
 *
 * <p>As an {@link MmioDevice} it is the enhanced configuration access window (PCI Express Base 3.0, 7.2.2) and holds no
 * state of its own; {@link PciConfigPorts} is the older way in.
 *
 * <p>Threat: bus, device, function and register are fields of fixed width cut out of an address.
 */
public final class PciBus implements MmioDevice {
    /** Bytes of the ECAM window of 256 buses. */
    public static final long ECAM_LENGTH = 256L << 20;
    /** How the ECAM window is accessed. */
    public static final AccessWidths ECAM_WIDTHS = AccessWidths.BYTE_TO_DWORD;

    private static final int DEVICES = 32;
    private static final int FUNCTIONS = 8;

    private final AtomicReferenceArray<PciFunction> functions = new AtomicReferenceArray<>(DEVICES * FUNCTIONS);

    /** An empty bus. */
    public PciBus() {}

    /**
     * Puts a function in its place.
     *
     * @param device 0-31
     * @param function 0-7
     * @throws IllegalArgumentException when the place is taken or does not exist
     */
    public void attach(int device, int function, PciFunction pciFunction) {
        if (device < 0 || device >= DEVICES || function < 0 || function >= FUNCTIONS) {
            throw new IllegalArgumentException("there is no PCI place %02x.%x".formatted(device, function));
        }
        if (!functions.compareAndSet(device * FUNCTIONS + function, null, pciFunction)) {
            throw new IllegalArgumentException("PCI place %02x.%x is taken".formatted(device, function));
        }
    }

    /** Takes a function out. False when the place was empty. */
    public boolean detach(int device, int function) {
        return functions.getAndSet(device * FUNCTIONS + function, null) != null;
    }

    /**
     * Reads configuration space.
     *
     * @param bdf bus in bits 15:8, device 7:3, function 2:0
     * @param register byte offset 0-4095, aligned to width
     * @param width 1, 2 or 4
     */
    public int readConfig(int bdf, int register, int width) {
        PciFunction function = find(bdf);
        return function == null ? -1 : function.readConfig(register & 0xfff, width);
    }

    /** Writes configuration space; see {@link #readConfig}. */
    public void writeConfig(int bdf, int register, int width, int value) {
        PciFunction function = find(bdf);
        if (function != null) {
            function.writeConfig(register & 0xfff, width, value);
        }
    }

    private PciFunction find(int bdf) {
        return bdf >>> 8 != 0 ? null : functions.get(bdf);
    }

    @Override
    public long readMmio(long offset, int width) {
        return readConfig((int) (offset >>> 12) & 0xffff, (int) offset & 0xfff, width);
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        writeConfig((int) (offset >>> 12) & 0xffff, (int) offset & 0xfff, width, (int) value);
    }
}
