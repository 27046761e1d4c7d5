package dev.quoll.devices.acpi;

import java.util.EnumSet;
import java.util.Set;

/**
 * The fixed ACPI description table, version 6.3, 276 bytes (ACPI 6.3, 5.2.9). What a hardware-reduced platform does not
 * have stays zero.
 *
 * @param hardware which of the two hardware models the platform has
 * @param features feature flags beyond those that the hardware model implies
 * @param bootFlags IA-PC boot architecture flags
 * @param resetRegister where a reset is asked for
 * @param resetValue what is written there
 * @param pmTimer port of the PM timer, 0 when there is none
 * @param century CMOS index of the RTC's century, 0 when there is none
 */
public record Fadt(
        Hardware hardware,
        Set<Feature> features,
        Set<BootFlag> bootFlags,
        GenericAddress resetRegister,
        int resetValue,
        int pmTimer,
        int century) {

    /** The platform's hardware model. */
    public sealed interface Hardware {}

    /** Hardware-reduced: sleep registers only. */
    public record Reduced(GenericAddress sleepControl, GenericAddress sleepStatus) implements Hardware {}

    /**
     * Fixed hardware: PM1a blocks, no SMI command port (always in ACPI mode).
     *
     * @param sci the system control interrupt
     * @param eventBlock port of the PM1a event block, 4 bytes
     * @param controlBlock port of the PM1a control block, 2 bytes
     */
    public record Fixed(int sci, int eventBlock, int controlBlock) implements Hardware {}

    /** Fixed feature flags (ACPI 6.3, table 5-35). */
    public enum Feature {
        WBINVD(0),
        PROC_C1(2),
        /** The power button is a control method device, not a fixed one. */
        POWER_BUTTON_DEVICE(4),
        SLEEP_BUTTON_DEVICE(5),
        TIMER_32_BIT(8),
        RESET_REGISTER(10),
        HEADLESS(12),
        PHYSICAL_APIC(19),
        HARDWARE_REDUCED(20);

        private final int bit;

        Feature(int bit) {
            this.bit = bit;
        }
    }

    /** IA-PC boot architecture flags (ACPI 6.3, table 5-36). */
    public enum BootFlag {
        LEGACY_DEVICES(0),
        KEYBOARD_CONTROLLER(1),
        VGA_NOT_PRESENT(2),
        MSI_NOT_SUPPORTED(3),
        NO_ASPM(4),
        NO_CMOS_RTC(5);

        private final int bit;

        BootFlag(int bit) {
            this.bit = bit;
        }
    }

    /** C-state latencies that say the state does not exist (table 5-34). */
    private static final int NO_C2 = 101;

    private static final int NO_C3 = 1001;

    private static final int LENGTH = 276;

    public Fadt {
        features = Set.copyOf(features);
        bootFlags = Set.copyOf(bootFlags);
    }

    /** The table. @param facs address of the FACS, 0 on hardware-reduced platforms @param dsdt address of the DSDT */
    public AcpiTable table(long facs, long dsdt) {
        Fixed fixed = hardware instanceof Fixed f ? f : new Fixed(0, 0, 0);
        Reduced reduced = hardware instanceof Reduced r ? r : new Reduced(GenericAddress.NONE, GenericAddress.NONE);
        boolean legacy = hardware instanceof Fixed;
        ByteSequence out = new ByteSequence()
                .u32(facs)
                .u32(dsdt)
                .u8(0)
                .u8(0)
                .u16(fixed.sci)
                .u32(0)
                .zeros(4)
                .u32(fixed.eventBlock)
                .u32(0)
                .u32(fixed.controlBlock)
                .u32(0)
                .u32(0)
                .u32(legacy ? pmTimer : 0)
                .u32(0)
                .u32(0)
                .u8(legacy ? 4 : 0)
                .u8(legacy ? 2 : 0)
                .u8(0)
                .u8(legacy && pmTimer != 0 ? 4 : 0)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(0)
                .u16(NO_C2)
                .u16(NO_C3)
                .zeros(4)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(century)
                .u16(bootFlagBits())
                .u8(0)
                .u32(featureBits());
        resetRegister.writeTo(out);
        out.u8(resetValue).u16(0).u8(3);
        out.u64(0).u64(dsdt);
        port(fixed.eventBlock, 32, 2).writeTo(out);
        GenericAddress.NONE.writeTo(out);
        port(fixed.controlBlock, 16, 2).writeTo(out);
        GenericAddress.NONE.writeTo(out);
        GenericAddress.NONE.writeTo(out);
        port(pmTimer, 32, 3).writeTo(out);
        GenericAddress.NONE.writeTo(out);
        GenericAddress.NONE.writeTo(out);
        reduced.sleepControl.writeTo(out);
        reduced.sleepStatus.writeTo(out);
        out.text("QUOLL", 8);
        AcpiTable table = AcpiTable.of("FACP", 6, out.toBytes());
        if (table.bytes().length != LENGTH) {
            throw new IllegalStateException("FADT of " + table.bytes().length + " bytes");
        }
        return table;
    }

    private static GenericAddress port(int port, int bits, int accessSize) {
        return port == 0 ? GenericAddress.NONE : GenericAddress.port(port, bits, accessSize);
    }

    private long featureBits() {
        EnumSet<Feature> all = EnumSet.noneOf(Feature.class);
        all.addAll(features);
        if (hardware instanceof Reduced) {
            all.add(Feature.HARDWARE_REDUCED);
        }
        if (pmTimer != 0) {
            all.add(Feature.TIMER_32_BIT);
        }
        if (!resetRegister.equals(GenericAddress.NONE)) {
            all.add(Feature.RESET_REGISTER);
        }
        long bits = 0;
        for (Feature feature : all) {
            bits |= 1L << feature.bit;
        }
        return bits;
    }

    private int bootFlagBits() {
        int bits = 0;
        for (BootFlag flag : bootFlags) {
            bits |= 1 << flag.bit;
        }
        return bits;
    }

    /** The firmware ACPI control structure, 64 bytes, no checksum (ACPI 6.3, 5.2.10); must be 64-byte aligned. */
    public static AcpiTable facs() {
        return new AcpiTable(
                "FACS",
                new ByteSequence()
                        .text("FACS", 4)
                        .u32(64)
                        .zeros(24)
                        .u8(2)
                        .zeros(31)
                        .toBytes());
    }
}
