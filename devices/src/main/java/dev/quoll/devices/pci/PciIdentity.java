package dev.quoll.devices.pci;

/**
 * What a type 0 header says a function is.
 *
 * @param vendor vendor id, 16 bits
 * @param device device id, 16 bits
 * @param revision 8 bits
 * @param classCode base class, sub-class and programming interface, 24 bits, for example 0x060000
 * @param subsystemVendor 16 bits
 * @param subsystem 16 bits
 */
public record PciIdentity(int vendor, int device, int revision, int classCode, int subsystemVendor, int subsystem) {
    public PciIdentity {
        if (((vendor | device | subsystemVendor | subsystem) & ~0xffff) != 0
                || (revision & ~0xff) != 0
                || (classCode & ~0xff_ffff) != 0) {
            throw new IllegalArgumentException("PCI identity field out of range: %x:%x revision %x class %x"
                    .formatted(vendor, device, revision, classCode));
        }
    }
}
