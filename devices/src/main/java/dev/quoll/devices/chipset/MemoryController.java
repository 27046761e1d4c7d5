package dev.quoll.devices.chipset;

import dev.quoll.devices.pci.PciConfigSpace;
import dev.quoll.devices.pci.PciFunction;
import dev.quoll.devices.pci.PciIdentity;
import dev.quoll.machine.Device;

/**
 * The host bridge of the Q35 chipset as firmware uses it (Intel 3 Series Express Chipset data sheet, 5.1): where the enhanced
 * configuration window is (PCIEXBAR), and how the memory below 1 MiB is decoded ({@link ShadowRam}). There is no system
 * management mode: SMRAM control reads as closed and locked.
 *
 * <p>Threat: see {@link PciConfigSpace}; the window is aligned by its mask, and whoever maps it refuses a place that is taken.
 */
public final class MemoryController implements Device<PciConfigSpace.State>, PciFunction {
    /** What hears of changes; on the vCPU's thread, or the one that resets the machine. */
    public interface Decoding {
        /** The enhanced configuration window is at {@code address}, or nowhere. @param address -1 when it is nowhere */
        void configWindow(long address, long length);

        /** The attribute map has changed. @param attributes its {@link ShadowRam#REGISTERS} bytes */
        void shadow(byte[] attributes);
    }

    /** 82G33/G31/P35/P31 DRAM controller; the subsystem is the one that virtual machines show. */
    private static final PciIdentity IDENTITY = new PciIdentity(0x8086, 0x29c0, 0, 0x060000, 0x1af4, 0x1100);

    private static final int PCIEXBAR = 0x60;
    private static final int PCIEXBAR_ENABLE = 1;
    /** Length of the window: 256, 128 or 64 MiB, in bits 2:1. */
    private static final int PCIEXBAR_LENGTH = 6;

    private static final int PCIEXBAR_ADDRESS_LOW = 0xfc00_0000;
    private static final int PCIEXBAR_ADDRESS_HIGH = 0xf;
    private static final int PAM = 0x90;
    private static final int PAM_FIRST_BITS = 0x30;
    private static final int PAM_BITS = 0x33;
    private static final int SMRAM = 0x9d;
    /** D_LCK with the fixed base. */
    private static final int SMRAM_LOCKED = 0x12;

    private final PciConfigSpace config = new PciConfigSpace(IDENTITY);
    private final Decoding decoding;

    public MemoryController(Decoding decoding) {
        this.decoding = decoding;
        config.addRegister(PCIEXBAR, 4, 0, PCIEXBAR_ADDRESS_LOW | PCIEXBAR_LENGTH | PCIEXBAR_ENABLE);
        config.addRegister(PCIEXBAR + 4, 4, 0, PCIEXBAR_ADDRESS_HIGH);
        for (int register = 0; register < ShadowRam.REGISTERS; register++) {
            config.addRegister(PAM + register, 1, 0, register == 0 ? PAM_FIRST_BITS : PAM_BITS);
        }
        config.addRegister(SMRAM, 1, SMRAM_LOCKED, 0);
        config.listen(PCIEXBAR, PCIEXBAR + 8, (_, _) -> tellWindow());
        config.listen(PAM, PAM + ShadowRam.REGISTERS, (_, _) -> tellShadow());
    }

    @Override
    public String name() {
        return "memory-controller";
    }

    /** Where the enhanced configuration window is; -1 when it is nowhere. */
    public long configWindow() {
        int low = config.read(PCIEXBAR, 4);
        if ((low & PCIEXBAR_ENABLE) == 0 || windowLength(low) == 0) {
            return -1;
        }
        return (long) config.read(PCIEXBAR + 4, 4) << 32 | low & 0xffff_ffffL & -windowLength(low);
    }

    /** Bytes of the window; the fourth code is reserved. */
    private static long windowLength(int low) {
        int code = (low & PCIEXBAR_LENGTH) >>> 1;
        return code == 3 ? 0 : 256L << 20 >>> code;
    }

    private void tellWindow() {
        decoding.configWindow(configWindow(), windowLength(config.read(PCIEXBAR, 4)));
    }

    private void tellShadow() {
        byte[] attributes = new byte[ShadowRam.REGISTERS];
        for (int register = 0; register < attributes.length; register++) {
            attributes[register] = (byte) config.read(PAM + register, 1);
        }
        decoding.shadow(attributes);
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
        tellWindow();
        tellShadow();
    }

    @Override
    public PciConfigSpace.State save() {
        return config.save();
    }

    @Override
    public void restore(PciConfigSpace.State state) {
        config.restore(state);
        tellWindow();
        tellShadow();
    }
}
