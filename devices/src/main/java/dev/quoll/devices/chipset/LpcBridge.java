package dev.quoll.devices.chipset;

import dev.quoll.devices.pci.PciConfigSpace;
import dev.quoll.devices.pci.PciFunction;
import dev.quoll.devices.pci.PciIdentity;
import dev.quoll.machine.Device;

/**
 * The LPC bridge of ICH9, 1f.0, as firmware uses it (Intel ICH9 data sheet, 13.1): the ports of power management (PMBASE), the wires of
 * PCI interrupts to the 8259 (PIRQ routing), and the base of the chipset's own registers, which has nothing behind it.
 *
 * <p>Threat: see {@link PciConfigSpace}; whoever moves the ports refuses a place that is taken.
 */
public final class LpcBridge implements Device<PciConfigSpace.State>, PciFunction {
    /** PCI interrupt wires, PIRQA to PIRQH. */
    public static final int WIRES = 8;
    /** ISA interrupts that a wire can lead to. */
    public static final int INTERRUPTS = 16;

    /** What hears of changes; on the vCPU's thread, or the one that resets the machine. */
    public interface Decoding {
        /** Power management is at these ports, or at none. @param base a multiple of 128; -1 for none */
        void powerPorts(int base);

        /** A PCI interrupt wire leads to an ISA interrupt, or to none. @param irq 0 to 15, or -1 for none */
        void route(int wire, int irq);
    }

    /** 82801IB (ICH9) LPC interface; the subsystem is the one that virtual machines show. */
    private static final PciIdentity IDENTITY = new PciIdentity(0x8086, 0x2918, 2, 0x060100, 0x1af4, 0x1100);

    private static final int PMBASE = 0x40;
    private static final int PMBASE_ADDRESS = 0xff80;
    private static final int PMBASE_IS_PORTS = 1;
    private static final int ACPI_CONTROL = 0x44;
    private static final int ACPI_ENABLE = 0x80;
    private static final int ACPI_BITS = 0x87;
    private static final int[] PIRQ = {0x60, 0x61, 0x62, 0x63, 0x68, 0x69, 0x6a, 0x6b};
    private static final int PIRQ_OFF = 0x80;
    private static final int PIRQ_BITS = 0x8f;
    private static final int POWER_CONFIG = 0xa0;
    private static final int POWER_CONFIG_BITS = 0x1fff;
    private static final int ROOT_COMPLEX_BASE = 0xf0;
    private static final int ROOT_COMPLEX_BITS = 0xffffc001;

    private final PciConfigSpace config = new PciConfigSpace(IDENTITY);
    private final Decoding decoding;

    public LpcBridge(Decoding decoding) {
        this.decoding = decoding;
        config.setMultiFunction();
        config.addRegister(PMBASE, 4, PMBASE_IS_PORTS, PMBASE_ADDRESS);
        config.addRegister(ACPI_CONTROL, 1, 0, ACPI_BITS);
        for (int register : PIRQ) {
            config.addRegister(register, 1, PIRQ_OFF, PIRQ_BITS);
        }
        config.addRegister(POWER_CONFIG, 2, 0, POWER_CONFIG_BITS);
        config.addRegister(ROOT_COMPLEX_BASE, 4, 0, ROOT_COMPLEX_BITS);
        config.listen(PMBASE, ACPI_CONTROL + 1, (_, _) -> tellPorts());
        config.listen(PIRQ[0], PIRQ[WIRES - 1] + 1, (_, _) -> tellRoutes());
    }

    @Override
    public String name() {
        return "lpc-bridge";
    }

    private void tellPorts() {
        boolean enabled = (config.read(ACPI_CONTROL, 1) & ACPI_ENABLE) != 0;
        decoding.powerPorts(enabled ? config.read(PMBASE, 4) & PMBASE_ADDRESS : -1);
    }

    private void tellRoutes() {
        for (int wire = 0; wire < WIRES; wire++) {
            int route = config.read(PIRQ[wire], 1);
            decoding.route(wire, (route & PIRQ_OFF) != 0 ? -1 : route & 0xf);
        }
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
        tellPorts();
        tellRoutes();
    }

    @Override
    public PciConfigSpace.State save() {
        return config.save();
    }

    @Override
    public void restore(PciConfigSpace.State state) {
        config.restore(state);
        tellPorts();
        tellRoutes();
    }
}
