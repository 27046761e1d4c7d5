package dev.quoll.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The model-specific registers of one virtual CPU: which exist, what they reset to, which writes they take. A number
 * that is not here, and not in the x2APIC range, raises #GP on RDMSR and WRMSR (SDM vol. 2; APM vol. 3).
 *
 * <p>Besides the architectural registers it holds those that Linux reads without a fault handler on this vendor and
 * family (HWCR, SYSCFG, NB_CFG, the patch level), and the KVM clock's. There are no performance counters and no machine
 * check banks. Immutable; any thread.
 */
public final class MsrTable {
    public static final int TSC = 0x10;
    public static final int KVM_WALL_CLOCK = 0x11;
    public static final int KVM_SYSTEM_TIME = 0x12;
    public static final int APIC_BASE = 0x1b;
    public static final int TSC_ADJUST = 0x3b;
    public static final int PATCH_LEVEL = 0x8b;
    public static final int MTRR_CAP = 0xfe;
    public static final int SYSENTER_CS = 0x174;
    public static final int SYSENTER_ESP = 0x175;
    public static final int SYSENTER_EIP = 0x176;
    public static final int MCG_CAP = 0x179;
    public static final int MCG_STATUS = 0x17a;
    public static final int DEBUG_CTL = 0x1d9;
    public static final int MTRR_PHYS_BASE_0 = 0x200;
    public static final int MTRR_FIX_64K = 0x250;
    public static final int PAT = 0x277;
    public static final int MTRR_DEF_TYPE = 0x2ff;
    public static final int TSC_DEADLINE = 0x6e0;
    public static final int XSS = 0xda0;
    public static final int KVM_WALL_CLOCK_NEW = 0x4b56_4d00;
    public static final int KVM_SYSTEM_TIME_NEW = 0x4b56_4d01;
    public static final int EFER = 0xc000_0080;
    public static final int STAR = 0xc000_0081;
    public static final int LSTAR = 0xc000_0082;
    public static final int CSTAR = 0xc000_0083;
    public static final int SFMASK = 0xc000_0084;
    public static final int FS_BASE = 0xc000_0100;
    public static final int GS_BASE = 0xc000_0101;
    public static final int KERNEL_GS_BASE = 0xc000_0102;
    public static final int TSC_AUX = 0xc000_0103;
    public static final int SYSCFG = 0xc001_0010;
    public static final int HWCR = 0xc001_0015;
    public static final int NB_CFG = 0xc001_001f;
    public static final int DE_CFG = 0xc001_1029;

    /** First and last number of the x2APIC's registers; {@code LocalApic} knows which of them exist. */
    public static final int X2APIC_FIRST = 0x800;

    public static final int X2APIC_LAST = 0x8ff;

    /** IA32_APIC_BASE of the bootstrap processor after reset; the others lack bit 8. */
    public static final long APIC_BASE_RESET = 0xfee0_0900L;

    /** WB, WT, UC-, UC twice (SDM vol. 3, 13.12.4). */
    public static final long PAT_RESET = 0x0007_0406_0007_0406L;

    /** Pairs of variable-range MTRRs. */
    public static final int VARIABLE_MTRRS = 8;

    private static final int[] MTRR_FIXED = {
        0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f
    };

    /** Who keeps the value. */
    public enum Kind {
        /** A plain slot: the last value written, kept in the vCPU's array. */
        STORAGE,
        /** Always {@link Msr#reset}; a write raises #GP. */
        CONSTANT,
        /** Always {@link Msr#reset}; writes have no effect. */
        IGNORES_WRITES,
        /** The engine reads and writes it with side effects; {@link #accepts} still judges the value. */
        ENGINE
    }

    /** What a value must be, beyond its reserved bits. */
    public enum Check {
        NONE,
        /** Bits 63:47 equal. */
        CANONICAL,
        /** Eight memory types of the PAT: 0, 1, 4, 5, 6, 7. */
        PAT_TYPES,
        /** Eight memory types of an MTRR: 0, 1, 4, 5, 6. */
        MTRR_TYPES,
        /** An MTRR memory type in bits 7:0. */
        MTRR_TYPE
    }

    /**
     * One register.
     *
     * @param number as in ECX
     * @param name the manual's, without vendor prefix
     * @param reset value after RESET#
     * @param mask bits a write may change; changing another raises #GP
     * @param saved whether it belongs to {@link CpuElement.Msrs} (the others are saved by other elements, or constant)
     */
    public record Msr(int number, String name, Kind kind, long reset, long mask, Check check, boolean saved) {}

    private final Msr[] rows;
    private final int[] numbers;

    /** The registers that a CPU with these features has. */
    public MsrTable(Cpuid cpuid) {
        List<Msr> list = new ArrayList<>();
        architectural(list, cpuid);
        if (cpuid.offers(CpuFeature.MTRR)) {
            memoryTypes(list, (1L << cpuid.physicalAddressBits()) - 1);
        }
        processor(list);
        if (cpuid.offers(CpuFeature.HYPERVISOR)) {
            // Physical addresses; the old numbers are other names of the new ones. Saved so that a restored machine
            // goes on updating the pages.
            list.add(engine(KVM_WALL_CLOCK, "KVM_WALL_CLOCK", 0, -1, Check.NONE, false));
            list.add(engine(KVM_SYSTEM_TIME, "KVM_SYSTEM_TIME", 0, -1, Check.NONE, false));
            list.add(engine(KVM_WALL_CLOCK_NEW, "KVM_WALL_CLOCK_NEW", 0, -1, Check.NONE, true));
            list.add(engine(KVM_SYSTEM_TIME_NEW, "KVM_SYSTEM_TIME_NEW", 0, -1, Check.NONE, true));
        }
        list.sort(Comparator.comparingInt(Msr::number));
        rows = list.toArray(Msr[]::new);
        numbers = list.stream().mapToInt(Msr::number).toArray();
    }

    /** Index of a register in this table, or -1 when it does not exist. */
    public int slot(int number) {
        int at = Arrays.binarySearch(numbers, number);
        return at < 0 ? -1 : at;
    }

    /** Number of slots. */
    public int size() {
        return rows.length;
    }

    /** The register at a slot. */
    public Msr row(int slot) {
        return rows[slot];
    }

    /** Every register, ascending by (signed) number. */
    public List<Msr> rows() {
        return List.of(rows);
    }

    /** A new array of reset values by slot. */
    public long[] resetValues() {
        return Arrays.stream(rows).mapToLong(Msr::reset).toArray();
    }

    /** Whether WRMSR of {@code value} is legal where {@code current} stands; otherwise #GP. Allocates nothing. */
    public boolean accepts(int slot, long current, long value) {
        Msr msr = rows[slot];
        return switch (msr.kind) {
            case CONSTANT -> false;
            case IGNORES_WRITES -> true;
            case STORAGE, ENGINE -> ((current ^ value) & ~msr.mask) == 0 && passes(msr.check, value);
        };
    }

    /** Whether an address may stand in a base register: bits 63:47 all equal (four-level paging). */
    public static boolean canonical(long address) {
        return address << 16 >> 16 == address;
    }

    private static boolean passes(Check check, long value) {
        return switch (check) {
            case NONE -> true;
            case CANONICAL -> canonical(value);
            case PAT_TYPES -> bytesIn(value, 0b1111_0011);
            case MTRR_TYPES -> bytesIn(value, 0b0111_0011);
            case MTRR_TYPE -> typeIn(value, 0b0111_0011);
        };
    }

    private static boolean bytesIn(long value, int types) {
        for (int shift = 0; shift < 64; shift += 8) {
            if (!typeIn(value >>> shift, types)) {
                return false;
            }
        }
        return true;
    }

    private static boolean typeIn(long value, int types) {
        int type = (int) value & 0xff;
        return type < 8 && (types >>> type & 1) != 0;
    }

    private static Msr storage(int number, String name, long reset, long mask, Check check) {
        return new Msr(number, name, Kind.STORAGE, reset, mask, check, true);
    }

    private static Msr constant(int number, String name, long value) {
        return new Msr(number, name, Kind.CONSTANT, value, 0, Check.NONE, false);
    }

    private static Msr engine(int number, String name, long reset, long mask, Check check, boolean saved) {
        return new Msr(number, name, Kind.ENGINE, reset, mask, check, saved);
    }

    private static void architectural(List<Msr> list, Cpuid cpuid) {
        list.add(engine(TSC, "TSC", 0, -1, Check.NONE, false));
        if (cpuid.offers(CpuFeature.TSC_ADJUST)) {
            list.add(engine(TSC_ADJUST, "TSC_ADJUST", 0, -1, Check.NONE, false));
        }
        if (cpuid.offers(CpuFeature.APIC)) {
            long base = cpuid.place().index() == 0 ? APIC_BASE_RESET : APIC_BASE_RESET & ~(1L << 8);
            long address = (1L << cpuid.physicalAddressBits()) - 1 & ~0xfffL;
            long modes = cpuid.offers(CpuFeature.X2APIC) ? 3L << 10 : 1L << 11;
            list.add(engine(APIC_BASE, "APIC_BASE", base, address | modes, Check.NONE, false));
        }
        if (cpuid.offers(CpuFeature.TSC_DEADLINE)) {
            list.add(engine(TSC_DEADLINE, "TSC_DEADLINE", 0, -1, Check.NONE, false));
        }
        // Linux writes 0 here, executes CPUID and reads back. The value is the one KVM shows its guests.
        list.add(new Msr(PATCH_LEVEL, "PATCH_LEVEL", Kind.IGNORES_WRITES, 0x0100_0065, 0, Check.NONE, false));
        if (cpuid.offers(CpuFeature.SEP)) {
            list.add(storage(SYSENTER_CS, "SYSENTER_CS", 0, 0xffff_ffffL, Check.NONE));
            list.add(storage(SYSENTER_ESP, "SYSENTER_ESP", 0, -1, Check.CANONICAL));
            list.add(storage(SYSENTER_EIP, "SYSENTER_EIP", 0, -1, Check.CANONICAL));
        }
        if (cpuid.offers(CpuFeature.MCA)) {
            // No banks: nothing here can fail, and no MCi register exists.
            list.add(constant(MCG_CAP, "MCG_CAP", 0));
            list.add(storage(MCG_STATUS, "MCG_STATUS", 0, 7, Check.NONE));
        }
        // BTF; there is no branch recording.
        list.add(storage(DEBUG_CTL, "DEBUG_CTL", 0, 2, Check.NONE));
        if (cpuid.offers(CpuFeature.PAT)) {
            list.add(storage(PAT, "PAT", PAT_RESET, -1, Check.PAT_TYPES));
        }
        if (cpuid.offers(CpuFeature.XSAVES)) {
            // No supervisor state component exists.
            list.add(storage(XSS, "XSS", 0, 0, Check.NONE));
        }
        list.add(engine(EFER, "EFER", 0, ControlMasks.efer(cpuid.offered()), Check.NONE, false));
        if (cpuid.offers(CpuFeature.SYSCALL)) {
            list.add(storage(STAR, "STAR", 0, -1, Check.NONE));
            list.add(storage(LSTAR, "LSTAR", 0, -1, Check.CANONICAL));
            list.add(storage(CSTAR, "CSTAR", 0, -1, Check.CANONICAL));
            list.add(storage(SFMASK, "SFMASK", 0, 0xffff_ffffL, Check.NONE));
        }
        if (cpuid.offers(CpuFeature.LONG_MODE)) {
            list.add(engine(FS_BASE, "FS_BASE", 0, -1, Check.CANONICAL, false));
            list.add(engine(GS_BASE, "GS_BASE", 0, -1, Check.CANONICAL, false));
            list.add(engine(KERNEL_GS_BASE, "KERNEL_GS_BASE", 0, -1, Check.CANONICAL, true));
        }
        if (cpuid.offers(CpuFeature.RDTSCP) || cpuid.offers(CpuFeature.RDPID)) {
            list.add(engine(TSC_AUX, "TSC_AUX", 0, 0xffff_ffffL, Check.NONE, true));
        }
    }

    /** SDM vol. 3, 13.11; the emulated memory is coherent whatever they say. */
    private static void memoryTypes(List<Msr> list, long physical) {
        // Fixed ranges and write-combining exist.
        list.add(constant(MTRR_CAP, "MTRR_CAP", 1 << 10 | 1 << 8 | VARIABLE_MTRRS));
        for (int pair = 0; pair < VARIABLE_MTRRS; pair++) {
            int base = MTRR_PHYS_BASE_0 + 2 * pair;
            list.add(storage(base, "MTRR_PHYS_BASE" + pair, 0, physical & ~0xf00L, Check.MTRR_TYPE));
            list.add(storage(base + 1, "MTRR_PHYS_MASK" + pair, 0, physical & ~0x7ffL, Check.NONE));
        }
        for (int number : MTRR_FIXED) {
            list.add(storage(number, "MTRR_FIX_%03X".formatted(number), 0, -1, Check.MTRR_TYPES));
        }
        list.add(storage(MTRR_DEF_TYPE, "MTRR_DEF_TYPE", 0, 0xcff, Check.MTRR_TYPE));
    }

    /** Registers of AMD's family (Processor Programming Reference), those that kernels touch. */
    private static void processor(List<Msr> list) {
        // MtrrFixDramEn, MtrrFixDramModEn, MtrrVarDramEn, TOM2 enable, TOM2 write-back.
        list.add(storage(SYSCFG, "SYSCFG", 0, 0x7c_0000, Check.NONE));
        // TscFreqSel reads 1 (the TSC counts at the P0 frequency; Linux complains otherwise). Writable: TLBCACHEDIS,
        // INVDWBINVD, FFDIS, IGNNE_EM, McStatusWrEn.
        list.add(storage(HWCR, "HWCR", 1 << 24, 1 << 18 | 1 << 8 | 1 << 6 | 1 << 4 | 1 << 3, Check.NONE));
        for (int range = 0; range < 2; range++) {
            list.add(storage(0xc001_0016 + 2 * range, "IORR_BASE" + range, 0, -1, Check.NONE));
            list.add(storage(0xc001_0017 + 2 * range, "IORR_MASK" + range, 0, -1, Check.NONE));
        }
        list.add(storage(0xc001_001a, "TOP_MEM", 0, -1, Check.NONE));
        list.add(storage(0xc001_001d, "TOP_MEM2", 0, -1, Check.NONE));
        // Linux sets EnableCf8ExtCfg (bit 46) on every family from 0x10 on.
        list.add(storage(NB_CFG, "NB_CFG", 0, -1, Check.NONE));
        list.add(storage(0xc001_0055, "INT_PENDING_MSG", 0, -1, Check.NONE));
        list.add(storage(0xc001_0058, "MMIO_CONF_BASE", 0, -1, Check.NONE));
        list.add(storage(0xc001_1020, "LS_CFG", 0, -1, Check.NONE));
        list.add(storage(0xc001_1022, "DC_CFG", 0, -1, Check.NONE));
        list.add(storage(0xc001_1023, "BU_CFG", 0, -1, Check.NONE));
        // Bit 1: LFENCE is dispatch serialising, which it always is here.
        list.add(storage(DE_CFG, "DE_CFG", 2, ~2L, Check.NONE));
        list.add(storage(0xc001_102a, "BU_CFG2", 0, -1, Check.NONE));
    }
}
