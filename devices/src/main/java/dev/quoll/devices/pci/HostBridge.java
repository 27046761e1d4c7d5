package dev.quoll.devices.pci;

import dev.quoll.machine.Device;

/**
 * The host bridge at 00.0: a header and nothing behind it. Kernels take configuration mechanism 1 for working when they
 * find a host bridge on bus 0.
 *
 * <p>Threat: see {@link PciConfigSpace}.
 */
public final class HostBridge implements Device<PciConfigSpace.State>, PciFunction {
    /**
     * The generic PCI Express host bridge (Red Hat's 1b36:0008): no kernel has quirks for it. Firmware that wants to
     * see a certain chipset is given another identity.
     */
    public static final PciIdentity GENERIC = new PciIdentity(0x1b36, 0x0008, 0, 0x060000, 0x1af4, 0x1100);

    private final PciConfigSpace config;

    public HostBridge(PciIdentity identity) {
        config = new PciConfigSpace(identity);
    }

    @Override
    public String name() {
        return "pci-host-bridge";
    }

    @Override
    public int readConfig(int register, int width) {
        return config.readConfig(register, width);
    }

    @Override
    public void writeConfig(int register, int width, int value) {
        config.writeConfig(register, width, value);
    }

    @Override
    public void reset() {
        config.reset();
    }

    @Override
    public PciConfigSpace.State save() {
        return config.save();
    }

    @Override
    public void restore(PciConfigSpace.State state) {
        config.restore(state);
    }
}
