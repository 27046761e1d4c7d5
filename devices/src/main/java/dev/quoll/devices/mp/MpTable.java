package dev.quoll.devices.mp;

import dev.quoll.devices.acpi.ByteSequence;
import java.util.ArrayList;
import java.util.List;

/**
 * The MP floating pointer and configuration table, version 1.4 (Intel MultiProcessor Specification, chapter 4), by
 * which guests without ACPI find CPUs, I/O APIC and interrupt wiring. There is one ISA bus (0) and, when there are PCI
 * routes, one PCI bus (1).
 *
 * @param cpus number of CPUs, APIC ids from 0, CPU 0 boots; at most 254
 * @param cpuSignature CPUID leaf 1 EAX
 * @param cpuFeatures CPUID leaf 1 EDX
 * @param localApic address of the local APICs
 * @param ioApicId the I/O APIC's id, not a CPU's
 * @param ioApic address of the I/O APIC
 * @param isaPins I/O APIC pin of each ISA interrupt, by IRQ; -1 for one that is not wired
 * @param sci ISA interrupt that is level triggered and active high, -1 when there is none
 * @param pciRoutes interrupt pins of PCI functions
 */
public record MpTable(
        int cpus,
        int cpuSignature,
        int cpuFeatures,
        long localApic,
        int ioApicId,
        long ioApic,
        List<Integer> isaPins,
        int sci,
        List<PciRoute> pciRoutes) {
    /** @param device 0-31 @param pin 0 = INTA# to 3 = INTD# @param ioApicPin where it goes, active low level */
    public record PciRoute(int device, int pin, int ioApicPin) {}

    private static final int POINTER_LENGTH = 16;
    private static final int POINTER_CHECKSUM_AT = 10;
    private static final int HEADER_LENGTH = 44;
    private static final int TABLE_CHECKSUM_AT = 7;
    private static final int LOCAL_APIC_VERSION = 0x14;
    private static final int IO_APIC_VERSION = 0x11;
    private static final int ISA_BUS = 0;
    private static final int PCI_BUS = 1;
    private static final int INTERRUPT = 0;
    private static final int NMI = 1;
    private static final int EXTINT = 3;
    private static final int AS_BUS = 0;
    private static final int HIGH_LEVEL = 0xd;
    private static final int LOW_LEVEL = 0xf;
    private static final int ALL_APICS = 0xff;

    public MpTable {
        if (cpus < 1 || cpus > 254) {
            throw new IllegalArgumentException("an MP table describes 1 to 254 CPUs, not " + cpus);
        }
        isaPins = List.copyOf(isaPins);
        pciRoutes = List.copyOf(pciRoutes);
    }

    /**
     * The floating pointer and, right behind it, the table.
     *
     * @param address where the bytes will lie: 16-byte aligned, in the EBDA, the last KiB of base memory or the BIOS
     * ROM
     */
    public byte[] bytes(long address) {
        byte[] table = table();
        byte[] pointer = new ByteSequence()
                .text("_MP_", 4)
                .u32(address + POINTER_LENGTH)
                .u8(POINTER_LENGTH / 16)
                .u8(4)
                .u8(0)
                .zeros(5)
                .toBytes();
        ByteSequence.setChecksum(pointer, 0, POINTER_LENGTH, POINTER_CHECKSUM_AT);
        return new ByteSequence().bytes(pointer).bytes(table).toBytes();
    }

    private byte[] table() {
        List<byte[]> entries = new ArrayList<>();
        for (int cpu = 0; cpu < cpus; cpu++) {
            int flags = 1 | (cpu == 0 ? 2 : 0);
            entries.add(new ByteSequence()
                    .u8(0)
                    .u8(cpu)
                    .u8(LOCAL_APIC_VERSION)
                    .u8(flags)
                    .u32(cpuSignature)
                    .u32(cpuFeatures)
                    .zeros(8)
                    .toBytes());
        }
        entries.add(bus(ISA_BUS, "ISA"));
        if (!pciRoutes.isEmpty()) {
            entries.add(bus(PCI_BUS, "PCI"));
        }
        entries.add(new ByteSequence()
                .u8(2)
                .u8(ioApicId)
                .u8(IO_APIC_VERSION)
                .u8(1)
                .u32(ioApic)
                .toBytes());
        for (int irq = 0; irq < isaPins.size(); irq++) {
            if (isaPins.get(irq) >= 0) {
                int flags = irq == sci ? HIGH_LEVEL : AS_BUS;
                entries.add(source(3, INTERRUPT, flags, ISA_BUS, irq, ioApicId, isaPins.get(irq)));
            }
        }
        for (PciRoute route : pciRoutes) {
            int source = route.device << 2 | route.pin;
            entries.add(source(3, INTERRUPT, LOW_LEVEL, PCI_BUS, source, ioApicId, route.ioApicPin));
        }
        entries.add(source(4, EXTINT, AS_BUS, ISA_BUS, 0, ALL_APICS, 0));
        entries.add(source(4, NMI, AS_BUS, ISA_BUS, 0, ALL_APICS, 1));
        ByteSequence body = new ByteSequence();
        entries.forEach(body::bytes);
        byte[] bytes = new ByteSequence()
                .text("PCMP", 4)
                .u16(HEADER_LENGTH + body.length())
                .u8(4)
                .u8(0)
                .text("QUOLL", 8)
                .text("QUOLLPC", 12)
                .u32(0)
                .u16(0)
                .u16(entries.size())
                .u32(localApic)
                .u16(0)
                .u8(0)
                .u8(0)
                .bytes(body.toBytes())
                .toBytes();
        ByteSequence.setChecksum(bytes, 0, bytes.length, TABLE_CHECKSUM_AT);
        return bytes;
    }

    private static byte[] bus(int id, String type) {
        return new ByteSequence().u8(1).u8(id).text(type, 6).toBytes();
    }

    /** An I/O (3) or local (4) interrupt assignment. */
    private static byte[] source(int entryType, int type, int flags, int bus, int irq, int apic, int pin) {
        return new ByteSequence()
                .u8(entryType)
                .u8(type)
                .u16(flags)
                .u8(bus)
                .u8(irq)
                .u8(apic)
                .u8(pin)
                .toBytes();
    }
}
