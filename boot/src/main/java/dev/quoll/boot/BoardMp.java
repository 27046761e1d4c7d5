package dev.quoll.boot;

import dev.quoll.devices.mp.MpTable;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.HostClock;
import java.util.List;
import java.util.stream.IntStream;

/** The MP table of the legacy variant, for kernels without ACPI or told to ignore it. */
final class BoardMp {
    private static final int PCI_PINS = 4;
    /** The id register of an I/O APIC has four bits. */
    private static final int IO_APIC_ID_MASK = 0xf;

    private BoardMp() {}

    static MpTable table(CpuProfile profile, int cpus) {
        int kilohertz = (int) (HostClock.TSC_HZ / 1000);
        int[] leaf1 = new int[4];
        new Cpuid(profile, Cpuid.Abilities.everything(), new Cpuid.Place(0, cpus, kilohertz, kilohertz))
                .query(1, 0, 0, 1, true, leaf1);
        List<Integer> isaPins =
                IntStream.range(0, IsaInterrupts.COUNT).mapToObj(IsaInterrupts::pinOf).toList();
        List<MpTable.PciRoute> routes = IntStream.range(0, BoardMap.PCI_SLOTS)
                .boxed()
                .flatMap(slot -> IntStream.range(0, PCI_PINS)
                        .mapToObj(pin -> new MpTable.PciRoute(slot, pin, BoardMap.pciGsi(slot, pin))))
                .toList();
        return new MpTable(
                cpus,
                leaf1[0],
                leaf1[3],
                BoardMap.LOCAL_APIC,
                cpus & IO_APIC_ID_MASK,
                BoardMap.IO_APIC,
                isaPins,
                BoardMap.IRQ_SCI,
                routes);
    }
}
