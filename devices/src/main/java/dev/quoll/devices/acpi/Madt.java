package dev.quoll.devices.acpi;

import java.util.List;

/**
 * The multiple APIC description table (ACPI 6.5, 5.2.12).
 *
 * @param localApic address of the local APICs
 * @param dual8259 whether an 8259 pair is wired too
 * @param entries in the order given
 */
public record Madt(long localApic, boolean dual8259, List<Entry> entries) {
    /** One interrupt controller structure. */
    public sealed interface Entry {}

    /** A CPU; written as a local APIC entry, or local x2APIC from id 255 on. */
    public record Cpu(int uid, int apicId, boolean enabled) implements Entry {}

    /** An I/O APIC. @param gsiBase the first global system interrupt it serves */
    public record IoApicEntry(int id, long address, int gsiBase) implements Entry {}

    /** Where an ISA interrupt goes and how it triggers. */
    public record Override(int isaInterrupt, int gsi, boolean level, boolean activeLow) implements Entry {}

    /** NMI wired to a local interrupt pin of all CPUs. @param pin 0 or 1 */
    public record LocalNmi(int pin) implements Entry {}

    private static final int ALL_CPUS = 0xff;
    private static final long ALL_X2APIC_CPUS = 0xffff_ffffL;

    public Madt {
        entries = List.copyOf(entries);
    }

    /** The table. */
    public AcpiTable table() {
        ByteSequence out = new ByteSequence().u32(localApic).u32(dual8259 ? 1 : 0);
        boolean x2apic = false;
        for (Entry entry : entries) {
            switch (entry) {
                case Cpu(int uid, int apicId, boolean enabled) -> {
                    int flags = enabled ? 1 : 2;
                    if (apicId < 0xff) {
                        out.u8(0).u8(8).u8(uid).u8(apicId).u32(flags);
                    } else {
                        x2apic = true;
                        out.u8(9).u8(16).u16(0).u32(apicId).u32(flags).u32(uid);
                    }
                }
                case IoApicEntry(int id, long address, int gsiBase) ->
                    out.u8(1).u8(12).u8(id).u8(0).u32(address).u32(gsiBase);
                case Override(int isaInterrupt, int gsi, boolean level, boolean activeLow) ->
                    out.u8(2)
                            .u8(10)
                            .u8(0)
                            .u8(isaInterrupt)
                            .u32(gsi)
                            .u16((activeLow ? 3 : 1) | (level ? 3 : 1) << 2);
                case LocalNmi(int pin) -> {
                    out.u8(4).u8(6).u8(ALL_CPUS).u16(0).u8(pin);
                    if (x2apic) {
                        out.u8(10).u8(12).u16(0).u32(ALL_X2APIC_CPUS).u8(pin).zeros(3);
                    }
                }
            }
        }
        return AcpiTable.of("APIC", 5, out.toBytes());
    }
}
