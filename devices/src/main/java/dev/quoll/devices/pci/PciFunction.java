package dev.quoll.devices.pci;

/**
 * One PCI function as its bus sees it: configuration space. {@link PciConfigSpace} is the common way to have one.
 * Called from any vCPU thread; the function serialises itself. Accesses are naturally aligned and 1, 2 or 4 bytes wide.
 */
public interface PciFunction {
    /** Value in the low {@code width} bytes. @param register byte offset, 0-4095 */
    int readConfig(int register, int width);

    void writeConfig(int register, int width, int value);
}
