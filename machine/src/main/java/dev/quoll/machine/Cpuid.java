package dev.quoll.machine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What CPUID says on one virtual CPU: made once from a profile, the engine's abilities and the CPU's place, then only
 * read. One socket, one node, one thread a core; APIC id = index.
 *
 * <p>The processor is AuthenticAMD, family 0x19, model 0x11. Linux needs no page-table isolation for the vendor; unlike
 * family 0x17 this family is on no list of retbleed, cross-thread return or divider errata, and the model is one for
 * which automatic IBRS is natural (so no retpolines). Sources: APM vol. 3, appendix E; SDM vol. 2, CPUID, for what AMD
 * took over; Linux Documentation/virt/kvm/x86/cpuid.rst for the hypervisor leaves.
 */
public final class Cpuid {
    /** Family 0x19, model 0x11, stepping 1 as leaf 1 EAX encodes them. */
    public static final int SIGNATURE = 0x00a1_0f11;

    /** First hypervisor leaf. */
    public static final int HYPERVISOR_LEAF = 0x4000_0000;

    /** KVM_FEATURE_CLOCKSOURCE, NOP_IO_DELAY, CLOCKSOURCE2 and CLOCKSOURCE_STABLE: what both engines implement. */
    public static final int PARAVIRTUAL_FEATURES = 1 | 1 << 1 | 1 << 3 | 1 << 24;

    private static final int EXTENDED_LEAF = 0x8000_0000;
    private static final int MAX_BASIC = 0xd;
    private static final int MAX_HYPERVISOR = 0x10;
    private static final int MAX_EXTENDED = 0x21;
    /** Leaf 1 EDX bits that leaf 0x80000001 EDX repeats on AMD. */
    private static final int REPEATED_EDX = 0x0183_f3ff;

    private static final int LINE = 64;

    /** What cannot be offered without something else; checked until nothing changes. */
    private static final Map<CpuFeature, List<CpuFeature>> NEEDS = needs();

    /**
     * What an engine can do.
     *
     * @param features those the engine honours in full: instruction, MSR, CR bits
     * @param physicalAddressBits width of guest-physical addresses, 36 to 52
     */
    public record Abilities(Set<CpuFeature> features, int physicalAddressBits) {
        /** 1 TiB, which every 64-bit server processor of the last 15 years can hold. */
        public static final int USUAL_PHYSICAL_ADDRESS_BITS = 40;

        public Abilities {
            features = Set.copyOf(features);
            if (physicalAddressBits < 36 || physicalAddressBits > 52) {
                throw new IllegalArgumentException("physical address width of %d bits".formatted(physicalAddressBits));
            }
        }

        /** Every feature, the usual address width. */
        public static Abilities everything() {
            return new Abilities(EnumSet.allOf(CpuFeature.class), USUAL_PHYSICAL_ADDRESS_BITS);
        }
    }

    /**
     * One row of the table, for an engine that hands the table on.
     *
     * @param indexed whether {@code subleaf} (ECX) matters
     */
    public record Entry(int leaf, int subleaf, boolean indexed, int eax, int ebx, int ecx, int edx) {}

    /**
     * Where CPU {@code index} of {@code count} is.
     *
     * @param tscKhz TSC frequency
     * @param busKhz local APIC timer frequency before its divider
     */
    public record Place(int index, int count, int tscKhz, int busKhz) {
        public Place {
            if (count < 1 || index < 0 || index >= count) {
                throw new IllegalArgumentException("CPU %d of %d".formatted(index, count));
            }
        }
    }

    private final Set<CpuFeature> offered;
    private final int physicalAddressBits;
    private final long xcr0Mask;
    private final Place place;
    /** By leaf number less the range's first, then by subleaf. */
    private final int[][][] basic = new int[MAX_BASIC + 1][1][4];
    private final int[][][] hypervisor = new int[MAX_HYPERVISOR + 1][1][4];
    private final int[][][] extended = new int[MAX_EXTENDED + 1][1][4];

    /** Makes the table. */
    public Cpuid(CpuProfile profile, Abilities abilities, Place place) {
        this.place = place;
        physicalAddressBits = abilities.physicalAddressBits();
        offered = Set.copyOf(offered(profile, abilities, place.count()));
        xcr0Mask = XsaveComponent.xcr0Mask(offered);
        fillBasic();
        fillTopology();
        fillXsave();
        fillHypervisor();
        fillExtended(profile.name());
        fillCaches();
        for (CpuFeature feature : offered) {
            row(feature.leaf(), feature.subleaf())[feature.register().ordinal()] |= 1 << feature.bit();
        }
        row(EXTENDED_LEAF + 1, 0)[3] |= row(1, 0)[3] & REPEATED_EDX;
    }

    /** The features offered: what {@link #query} shows, OSXSAVE and OSPKE aside. */
    public Set<CpuFeature> offered() {
        return offered;
    }

    /** Whether a feature is offered. */
    public boolean offers(CpuFeature feature) {
        return offered.contains(feature);
    }

    /** Width of guest-physical addresses; page-table bits at and above it (below 52) are reserved. */
    public int physicalAddressBits() {
        return physicalAddressBits;
    }

    /** Width of linear addresses: of four-level paging, or of five-level paging where the guest may turn it on. */
    public int linearAddressBits() {
        return offers(CpuFeature.LA57) ? 57 : 48;
    }

    /** Bits that XCR0 may have set. */
    public long xcr0Mask() {
        return xcr0Mask;
    }

    /** The CPU's place. */
    public Place place() {
        return place;
    }

    /**
     * Executes CPUID. Allocates nothing; any thread.
     *
     * @param cr4 for OSXSAVE and OSPKE
     * @param xcr0 for the size of the XSAVE area
     * @param apicEnabled IA32_APIC_BASE.EN, which the APIC bits mirror
     * @param out receives EAX, EBX, ECX, EDX
     */
    public void query(int leaf, int subleaf, long cr4, long xcr0, boolean apicEnabled, int[] out) {
        int[][][] range = range(leaf);
        int number = leaf & 0xffff;
        if (range == null || number >= range.length || (leaf & 0x0fff_0000) != 0) {
            out[0] = 0;
            out[1] = 0;
            out[2] = 0;
            out[3] = 0;
            return;
        }
        int[][] rows = range[number];
        boolean indexed = indexed(leaf);
        if (indexed && Integer.compareUnsigned(subleaf, rows.length) >= 0) {
            boolean topology = leaf == 0xb;
            out[0] = 0;
            out[1] = 0;
            // Beyond the last level the topology leaf still echoes its input and the x2APIC id (SDM vol. 2, CPUID).
            out[2] = topology ? subleaf & 0xff : 0;
            out[3] = topology ? place.index() : 0;
            return;
        }
        int[] row = rows[indexed ? subleaf : 0];
        out[0] = row[0];
        out[1] = row[1];
        out[2] = row[2];
        out[3] = row[3];
        switch (leaf) {
            case 1 -> {
                out[2] = mirror(out[2], 27, (cr4 >>> 18 & 1) != 0 && offersXsave());
                out[3] = apicEnabled ? out[3] : out[3] & ~(1 << 9);
            }
            case 7 -> out[2] = mirror(out[2], 4, subleaf == 0 && (out[2] & 1 << 3) != 0 && (cr4 >>> 22 & 1) != 0);
            case 0xd -> {
                if (subleaf == 0 && xcr0Mask != 0) {
                    out[1] = XsaveComponent.standardSize(xcr0);
                } else if (subleaf == 1 && (out[0] & 1 << 1) != 0) {
                    out[1] = XsaveComponent.compactedSize(xcr0);
                }
            }
            case EXTENDED_LEAF + 1 -> out[3] = apicEnabled ? out[3] : out[3] & ~(1 << 9);
            default -> {}
        }
    }

    /** The whole table with OSXSAVE and OSPKE clear and XCR0 as after reset, less subleaves that are all zero. */
    public List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        int[] out = new int[4];
        for (int first : new int[] {0, HYPERVISOR_LEAF, EXTENDED_LEAF}) {
            int[][][] range = range(first);
            for (int number = 0; number < range.length; number++) {
                int leaf = first + number;
                for (int subleaf = 0; subleaf < range[number].length; subleaf++) {
                    query(leaf, subleaf, 0, 1, true, out);
                    if (subleaf > 0 && (out[0] | out[1] | out[2] | out[3]) == 0) {
                        continue;
                    }
                    entries.add(new Entry(leaf, subleaf, indexed(leaf), out[0], out[1], out[2], out[3]));
                }
            }
        }
        return entries;
    }

    private boolean offersXsave() {
        return xcr0Mask != 0;
    }

    private static int mirror(int value, int bit, boolean on) {
        return on ? value | 1 << bit : value & ~(1 << bit);
    }

    private int[][][] range(int leaf) {
        return switch (leaf >>> 28) {
            case 0 -> basic;
            case 4 -> offered.contains(CpuFeature.HYPERVISOR) ? hypervisor : null;
            case 8 -> extended;
            default -> null;
        };
    }

    private static boolean indexed(int leaf) {
        return leaf == 7 || leaf == 0xb || leaf == 0xd || leaf == 0x8000_001d;
    }

    private int[] row(int leaf, int subleaf) {
        int[][][] range = leaf >>> 28 == 0 ? basic : leaf >>> 28 == 8 ? extended : hypervisor;
        return range[leaf & 0xffff][subleaf];
    }

    private void set(int leaf, int eax, int ebx, int ecx, int edx) {
        set(leaf, 0, eax, ebx, ecx, edx);
    }

    private void set(int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {
        int[] row = row(leaf, subleaf);
        row[0] = eax;
        row[1] = ebx;
        row[2] = ecx;
        row[3] = edx;
    }

    private void fillBasic() {
        set(0, MAX_BASIC, ascii("Auth"), ascii("cAMD"), ascii("enti"));
        set(EXTENDED_LEAF, EXTENDED_LEAF + MAX_EXTENDED, ascii("Auth"), ascii("cAMD"), ascii("enti"));
        int logical = Math.min(place.count(), 255);
        set(1, SIGNATURE, (place.index() & 0xff) << 24 | logical << 16 | LINE / 8 << 8, 0, 0);
    }

    private void fillTopology() {
        int shift = coreBits();
        basic[0xb] = new int[2][4];
        // Level types 1 (thread) and 2 (core).
        set(0xb, 0, 0, 1, 1 << 8, place.index());
        set(0xb, 1, shift, place.count(), 2 << 8 | 1, place.index());
    }

    private void fillXsave() {
        basic[0xd] = new int[64][4];
        if (xcr0Mask == 0) {
            return;
        }
        set(0xd, 0, (int) xcr0Mask, 0, XsaveComponent.standardSize(xcr0Mask), (int) (xcr0Mask >>> 32));
        for (XsaveComponent component : XsaveComponent.values()) {
            if (component.extended() && (xcr0Mask >>> component.number() & 1) != 0) {
                set(0xd, component.number(), component.size(), component.offset(), 0, 0);
            }
        }
    }

    private void fillHypervisor() {
        set(HYPERVISOR_LEAF, HYPERVISOR_LEAF + MAX_HYPERVISOR, ascii("KVMK"), ascii("VMKV"), ascii("M\0\0\0"));
        set(HYPERVISOR_LEAF + 1, PARAVIRTUAL_FEATURES, 0, 0, 0);
        set(HYPERVISOR_LEAF + 0x10, place.tscKhz(), place.busKhz(), 0, 0);
    }

    private void fillExtended(String profileName) {
        set(EXTENDED_LEAF + 1, SIGNATURE, 0, 0, 0);
        byte[] brand = Arrays.copyOf(
                ("Quoll Virtual CPU (" + profileName + ")").getBytes(StandardCharsets.US_ASCII), 48);
        brand[47] = 0;
        for (int leaf = 2; leaf <= 4; leaf++) {
            for (int register = 0; register < 4; register++) {
                row(EXTENDED_LEAF + leaf, 0)[register] = word(brand, (leaf - 2) * 16 + register * 4);
            }
        }
        int coresLessOne = Math.min(place.count(), 256) - 1;
        set(EXTENDED_LEAF + 8, linearAddressBits() << 8 | physicalAddressBits, 0, coreBits() << 12 | coresLessOne, 0);
        // Performance hints: 128-bit data paths, unaligned moves preferred to pairs of halves.
        set(EXTENDED_LEAF + 0x1a, 3, 0, 0, 0);
        if (offers(CpuFeature.TOPOEXT)) {
            set(EXTENDED_LEAF + 0x1e, place.index(), place.index() & 0xff, 0, 0);
        }
    }

    /** Caches and TLBs of the processor we resemble; guests size their algorithms by them. */
    private void fillCaches() {
        int level1 = 32 << 24 | 8 << 16 | 1 << 8 | LINE;
        set(EXTENDED_LEAF + 5, 0xff40_ff40, 0xff40_ff40, level1, level1);
        // Associativity codes: 6 = 8 ways, 9 = see leaf 0x8000001d (APM vol. 3, E.4.5).
        int level2 = 512 << 16 | 6 << 12 | 1 << 8 | LINE;
        int level3 = 64 << 18 | 9 << 12 | 1 << 8 | LINE;
        set(EXTENDED_LEAF + 6, 0x4800_6400, 0x6800_6400, level2, level3);
        if (offers(CpuFeature.PAGE1GB)) {
            set(EXTENDED_LEAF + 0x19, 0xf040_f040, 0xf040_0000, 0, 0);
        }
        if (offers(CpuFeature.TOPOEXT)) {
            extended[0x1d] = new int[5][4];
            cache(0, 1, 1, 32 << 10, 8, 1);
            cache(1, 2, 1, 32 << 10, 8, 1);
            cache(2, 3, 2, 512 << 10, 8, 1);
            cache(3, 3, 3, 32 << 20, 16, place.count());
        }
    }

    /** @param type 1 data, 2 instruction, 3 unified */
    private void cache(int subleaf, int type, int level, int bytes, int ways, int sharing) {
        int sets = bytes / (ways * LINE);
        int shared = Math.min(sharing, 4096) - 1;
        int kind = shared << 14 | 1 << 8 | level << 5 | type;
        set(EXTENDED_LEAF + 0x1d, subleaf, kind, ways - 1 << 22 | LINE - 1, sets - 1, 0);
    }

    /** Bits of the APIC id that number cores. */
    private int coreBits() {
        return 32 - Integer.numberOfLeadingZeros(place.count() - 1);
    }

    private static Set<CpuFeature> offered(CpuProfile profile, Abilities abilities, int count) {
        EnumSet<CpuFeature> set = EnumSet.noneOf(CpuFeature.class);
        set.addAll(profile.features());
        set.retainAll(abilities.features());
        // Live mirrors are made at each query, and two bits only restate the number of CPUs.
        set.removeAll(EnumSet.of(CpuFeature.OSXSAVE, CpuFeature.OSPKE, CpuFeature.HTT, CpuFeature.CMP_LEGACY));
        if (count > 1) {
            set.add(CpuFeature.HTT);
            set.add(CpuFeature.CMP_LEGACY);
        }
        boolean changed = true;
        while (changed) {
            changed = set.removeIf(feature -> !set.containsAll(NEEDS.getOrDefault(feature, List.of())));
        }
        return set;
    }

    private static Map<CpuFeature, List<CpuFeature>> needs() {
        Map<CpuFeature, List<CpuFeature>> map = new EnumMap<>(CpuFeature.class);
        map.put(CpuFeature.X2APIC, List.of(CpuFeature.APIC));
        map.put(CpuFeature.TSC_DEADLINE, List.of(CpuFeature.APIC, CpuFeature.TSC));
        map.put(CpuFeature.ARAT, List.of(CpuFeature.APIC));
        map.put(CpuFeature.TSC_ADJUST, List.of(CpuFeature.TSC));
        map.put(CpuFeature.INVARIANT_TSC, List.of(CpuFeature.TSC));
        map.put(CpuFeature.RDTSCP, List.of(CpuFeature.TSC));
        map.put(CpuFeature.SSE, List.of(CpuFeature.FXSR));
        map.put(CpuFeature.SSE2, List.of(CpuFeature.SSE));
        map.put(CpuFeature.SSE3, List.of(CpuFeature.SSE2));
        map.put(CpuFeature.SSSE3, List.of(CpuFeature.SSE3));
        map.put(CpuFeature.SSE4_1, List.of(CpuFeature.SSSE3));
        map.put(CpuFeature.SSE4_2, List.of(CpuFeature.SSE4_1));
        map.put(CpuFeature.AES, List.of(CpuFeature.SSE2));
        map.put(CpuFeature.PCLMULQDQ, List.of(CpuFeature.SSE2));
        map.put(CpuFeature.SHA, List.of(CpuFeature.SSE2));
        for (CpuFeature feature :
                List.of(CpuFeature.XSAVEOPT, CpuFeature.XSAVEC, CpuFeature.XGETBV1, CpuFeature.PKU, CpuFeature.AVX)) {
            map.put(feature, List.of(CpuFeature.XSAVE));
        }
        map.put(CpuFeature.XSAVES, List.of(CpuFeature.XSAVEC));
        for (CpuFeature feature : List.of(CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C)) {
            map.put(feature, List.of(CpuFeature.AVX));
        }
        map.put(CpuFeature.VAES, List.of(CpuFeature.AVX, CpuFeature.AES));
        map.put(CpuFeature.VPCLMULQDQ, List.of(CpuFeature.AVX, CpuFeature.PCLMULQDQ));
        return map;
    }

    private static int ascii(String four) {
        return word(four.getBytes(StandardCharsets.US_ASCII), 0);
    }

    private static int word(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }
}
