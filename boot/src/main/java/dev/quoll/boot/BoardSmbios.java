package dev.quoll.boot;

import dev.quoll.devices.smbios.SmbiosTable;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MachineConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** What SMBIOS says of the board. */
final class BoardSmbios {
    /** The board's name, as a guest sees it. */
    static final String PRODUCT = "quoll-pc";
    /** Its version; a change that a guest could mind makes a new one. */
    static final String VERSION = "1";

    private static final int FEATURES_LEAF = 1;
    private static final int BRAND_LEAF = 0x8000_0002;
    private static final int BRAND_LEAVES = 3;
    private static final int EAX = 0;
    private static final int EDX = 3;
    private static final int HZ_PER_MEGAHERTZ = 1_000_000;

    private BoardSmbios() {}

    static SmbiosTable table(MachineConfig config, long memory, long tscHz, UUID uuid) {
        int khz = (int) (tscHz / 1000);
        Cpuid cpuid = new Cpuid(
                config.profile(), Cpuid.Abilities.everything(), new Cpuid.Place(0, config.cpus(), khz, khz));
        int[] leaf = new int[4];
        ByteBuffer brand = ByteBuffer.allocate(BRAND_LEAVES * 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int index = 0; index < BRAND_LEAVES; index++) {
            cpuid.query(BRAND_LEAF + index, 0, 0, 0, true, leaf);
            brand.asIntBuffer().put(index * 4, leaf);
        }
        cpuid.query(FEATURES_LEAF, 0, 0, 0, true, leaf);
        return new SmbiosTable(
                VERSION,
                PRODUCT,
                VERSION,
                "",
                uuid,
                new SmbiosTable.Processor(
                        new String(brand.array(), StandardCharsets.US_ASCII).replace("\0", "").strip(),
                        leaf[EAX],
                        leaf[EDX],
                        (int) (tscHz / HZ_PER_MEGAHERTZ),
                        config.cpus()),
                memory);
    }

    /** Writes entry point and structures to their places in the BIOS area. */
    static void place(SmbiosTable table, GuestMemory memory) {
        byte[] structures = table.structures();
        memory.write(BoardMap.SMBIOS_STRUCTURES, structures);
        memory.write(BoardMap.SMBIOS, table.entryPoint(BoardMap.SMBIOS_STRUCTURES, structures.length));
    }
}
