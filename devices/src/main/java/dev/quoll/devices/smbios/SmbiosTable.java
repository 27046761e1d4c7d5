package dev.quoll.devices.smbios;

import dev.quoll.devices.acpi.ByteSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The SMBIOS structures of the board and their 64-bit entry point (DSP0134, 5.2.2): firmware, system, chassis, processor, memory.
 *
 * @param firmwareVersion version text of the firmware, which is this program's
 * @param product the board's name
 * @param productVersion the board's version
 * @param serial serial number of the system, may be empty
 * @param uuid of the system
 * @param processor what the processor is
 * @param memory bytes of RAM
 */
public record SmbiosTable(
        String firmwareVersion, String product, String productVersion, String serial, UUID uuid, Processor processor, long memory) {
    /**
     * The one socket's processor.
     *
     * @param brand its name
     * @param signature CPUID leaf 1, EAX
     * @param features CPUID leaf 1, EDX
     * @param megahertz clock
     * @param cores virtual CPUs
     */
    public record Processor(String brand, int signature, int features, int megahertz, int cores) {}

    /** Bytes of the entry point. */
    public static final int ENTRY_POINT_LENGTH = 24;

    private static final String MANUFACTURER = "Quoll";
    private static final int CHECKSUM_AT = 5;
    private static final int MEMORY_ARRAY_HANDLE = 0x1000;
    private static final int NO_HANDLE = 0xfffe;
    private static final int NO_CACHE = 0xffff;
    /** Of a device that could report errors, none has (7.17.3). */
    private static final int UNKNOWN = 2;

    private static final int OTHER = 1;
    private static final int SAFE = 3;
    /** Sizes from 32 GiB - 1 MiB up stand in the extended field (7.18.5). */
    private static final int EXTENDED_SIZE = 0x7fff;

    private static final long EXTENDED_KIB = 0x8000_0000L;

    /** The structures, end to end. */
    public byte[] structures() {
        List<SmbiosStructure> all = new ArrayList<>(List.of(firmware(), system(), chassis(), socket()));
        ByteSequence out = new ByteSequence();
        int handle = 0;
        for (SmbiosStructure structure : all) {
            structure.writeTo(out, handle++);
        }
        memoryArray().writeTo(out, MEMORY_ARRAY_HANDLE);
        memoryDevice().writeTo(out, handle++);
        memoryRange().writeTo(out, handle++);
        bootStatus().writeTo(out, handle++);
        new SmbiosStructure(127).writeTo(out, handle);
        return out.toBytes();
    }

    /** The entry point for structures at a guest-physical address. */
    public byte[] entryPoint(long structuresAt, int structuresLength) {
        byte[] bytes = new ByteSequence()
                .text("_SM3_", 5)
                .u8(0)
                .u8(ENTRY_POINT_LENGTH)
                .u8(3)
                .u8(2)
                .u8(0)
                .u8(1)
                .u8(0)
                .u32(structuresLength)
                .u64(structuresAt)
                .toBytes();
        ByteSequence.setChecksum(bytes, 0, bytes.length, CHECKSUM_AT);
        return bytes;
    }

    private SmbiosStructure firmware() {
        int characteristicsUnsupported = 1 << 3;
        int virtualMachine = 1 << 4;
        return new SmbiosStructure(0)
                .string(MANUFACTURER)
                .string(firmwareVersion)
                .u16(0xf000)
                .string("")
                .u8(0)
                .u64(characteristicsUnsupported)
                .u8(0)
                .u8(virtualMachine)
                .u8(0)
                .u8(0)
                .u8(0xff)
                .u8(0xff)
                .u16(0);
    }

    private SmbiosStructure system() {
        long high = uuid.getMostSignificantBits();
        int powerSwitch = 6;
        return new SmbiosStructure(1)
                .string(MANUFACTURER)
                .string(product)
                .string(productVersion)
                .string(serial)
                // The first three fields of a UUID are little endian here (7.2.1).
                .u32(high >>> 32)
                .u16((int) (high >>> 16))
                .u16((int) high)
                .u64(Long.reverseBytes(uuid.getLeastSignificantBits()))
                .u8(powerSwitch)
                .string("")
                .string("Virtual Machine");
    }

    private SmbiosStructure chassis() {
        int none = 3;
        return new SmbiosStructure(3)
                .string(MANUFACTURER)
                .u8(OTHER)
                .string(productVersion)
                .string("")
                .string("")
                .u8(SAFE)
                .u8(SAFE)
                .u8(SAFE)
                .u8(none)
                .u32(0)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(0)
                .string("");
    }

    private SmbiosStructure socket() {
        int central = 3;
        int populatedAndEnabled = 0x41;
        int sixtyFourBit = 1 << 2;
        int several = processor.cores > 1 ? 1 << 3 : 0;
        int narrow = Math.min(processor.cores, 0xff);
        return new SmbiosStructure(4)
                .string("CPU 0")
                .u8(central)
                .u8(OTHER)
                .string(MANUFACTURER)
                .u32(Integer.toUnsignedLong(processor.signature))
                .u32(Integer.toUnsignedLong(processor.features))
                .string(processor.brand)
                .u8(0)
                .u16(0)
                .u16(processor.megahertz)
                .u16(processor.megahertz)
                .u8(populatedAndEnabled)
                .u8(OTHER)
                .u16(NO_CACHE)
                .u16(NO_CACHE)
                .u16(NO_CACHE)
                .string("")
                .string("")
                .string("")
                .u8(narrow)
                .u8(narrow)
                .u8(narrow)
                .u16(sixtyFourBit | several)
                .u16(OTHER)
                .u16(processor.cores)
                .u16(processor.cores)
                .u16(processor.cores);
    }

    private SmbiosStructure memoryArray() {
        int systemBoard = 3;
        int systemMemory = 3;
        int noCorrection = 3;
        long kib = memory >>> 10;
        return new SmbiosStructure(16)
                .u8(systemBoard)
                .u8(systemMemory)
                .u8(noCorrection)
                .u32(Math.min(kib, EXTENDED_KIB))
                .u16(NO_HANDLE)
                .u16(1)
                .u64(kib >= EXTENDED_KIB ? memory : 0);
    }

    private SmbiosStructure memoryDevice() {
        int dimm = 9;
        int ram = 7;
        long mib = memory >>> 20;
        return new SmbiosStructure(17)
                .u16(MEMORY_ARRAY_HANDLE)
                .u16(NO_HANDLE)
                .u16(64)
                .u16(64)
                .u16((int) Math.min(mib, EXTENDED_SIZE))
                .u8(dimm)
                .u8(0)
                .string("DIMM 0")
                .string("")
                .u8(ram)
                .u16(1 << UNKNOWN)
                .u16(0)
                .string(MANUFACTURER)
                .string("")
                .string("")
                .string("")
                .u8(0)
                .u32(mib >= EXTENDED_SIZE ? mib : 0)
                .u16(0)
                .u16(0)
                .u16(0)
                .u16(0);
    }

    private SmbiosStructure memoryRange() {
        long lastKib = (memory >>> 10) - 1;
        boolean wide = lastKib >= 0xffff_ffffL;
        return new SmbiosStructure(19)
                .u32(wide ? 0xffff_ffffL : 0)
                .u32(wide ? 0xffff_ffffL : lastKib)
                .u16(MEMORY_ARRAY_HANDLE)
                .u8(1)
                .u64(0)
                .u64(wide ? memory - 1 : 0);
    }

    private SmbiosStructure bootStatus() {
        // Six reserved bytes, then: no error detected (7.33.1).
        return new SmbiosStructure(32).u32(0).u16(0).u8(0);
    }
}
