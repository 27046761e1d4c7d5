package dev.quoll.devices.acpi;

/**
 * A generic address structure (ACPI 6.5, 5.2.3.2).
 *
 * @param bits width of the register
 * @param accessSize 0 undefined, 1 byte, 2 word, 3 double word, 4 quad word
 */
public record GenericAddress(Aml.Space space, int bits, int accessSize, long address) {
    /** The absent address. */
    public static final GenericAddress NONE = new GenericAddress(Aml.Space.SYSTEM_MEMORY, 0, 0, 0);

    /** Ports. */
    public static GenericAddress port(int port, int bits, int accessSize) {
        return new GenericAddress(Aml.Space.SYSTEM_IO, bits, accessSize, port);
    }

    /** Memory. */
    public static GenericAddress memory(long address, int bits, int accessSize) {
        return new GenericAddress(Aml.Space.SYSTEM_MEMORY, bits, accessSize, address);
    }

    void writeTo(ByteSequence out) {
        out.u8(space.code()).u8(bits).u8(0).u8(accessSize).u64(address);
    }
}
