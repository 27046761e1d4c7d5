package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Instructions that are not run on the host, each with the reason: their tests are written from the manuals. */
final class Exclusions {
    private static final Map<Mnemonic, String> REASONS = new EnumMap<>(Mnemonic.class);
    private static final String FAR = "a far transfer leaves the code the comparison watches";

    static {
        exclude("the result is another at each run", Mnemonic.RDTSC, Mnemonic.RDTSCP, Mnemonic.RDRAND, Mnemonic.RDSEED,
                Mnemonic.RDPMC, Mnemonic.RDPID);
        exclude("the result describes the host's processor and system, not the guest's", Mnemonic.CPUID, Mnemonic.XGETBV,
                Mnemonic.SGDT, Mnemonic.SIDT, Mnemonic.SLDT, Mnemonic.STR, Mnemonic.SMSW);
        exclude("the image's layout says which components the host's system has enabled", Mnemonic.XSAVE, Mnemonic.XSAVEC,
                Mnemonic.XSAVEOPT, Mnemonic.XRSTOR);
        exclude("it enters the host's system", Mnemonic.SYSCALL, Mnemonic.SYSENTER);
        exclude("the host's hypervisor emulates it for user code, and not as the manual has it", Mnemonic.SYSEXIT);
        exclude("it is the host's hypervisor that answers", Mnemonic.VMCALL, Mnemonic.VMMCALL, Mnemonic.MONITOR,
                Mnemonic.MWAIT);
        exclude("the hypervisor of the tested host reports RIP at the instruction and not behind it", Mnemonic.INT1);
        exclude("it means something in system-management mode only; the comparison uses it as the end of a case",
                Mnemonic.RSM);
    }

    private Exclusions() {}

    private static void exclude(String reason, Mnemonic... mnemonics) {
        for (Mnemonic mnemonic : mnemonics) {
            REASONS.put(mnemonic, reason);
        }
    }

    /** Why a row is not run on the host, or null. */
    static String reason(OpcodeRow row) {
        return row.flow() == ControlFlow.FAR && !isTrap(row.mnemonic()) ? REASONS.getOrDefault(row.mnemonic(), FAR) : REASONS.get(row.mnemonic());
    }

    private static boolean isTrap(Mnemonic mnemonic) {
        return switch (mnemonic) {
            case INT, INT3, INTO, UD0, UD1, UD2, HLT, SYSRET, SYSEXIT -> true;
            default -> false;
        };
    }

    static boolean excludes(OpcodeRow row) {
        return reason(row) != null;
    }

    /** The reasons in use, each with the mnemonics. */
    static Map<String, List<Mnemonic>> byReason() {
        Map<String, List<Mnemonic>> result = new LinkedHashMap<>();
        REASONS.forEach((mnemonic, reason) -> result.computeIfAbsent(reason, key -> new ArrayList<>()).add(mnemonic));
        return result;
    }
}
