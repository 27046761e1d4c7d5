package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import java.util.EnumMap;
import java.util.Map;

/** Instructions that are not run on the host, each with the reason: their tests are written from the manuals. */
final class Exclusions {
    private static final Map<Mnemonic, String> REASONS = new EnumMap<>(Mnemonic.class);

    static {
        exclude("the result describes the host's processor and system, not the guest's; of all but CPUID the host's system answers"
                + " (UMIP)", Mnemonic.CPUID, Mnemonic.SGDT, Mnemonic.SIDT, Mnemonic.SLDT, Mnemonic.STR, Mnemonic.SMSW);
        exclude("the host's hypervisor emulates it for user code, and not as the manual has it", Mnemonic.SYSEXIT);
        exclude("the host's hypervisor answers, and patches the code", Mnemonic.VMCALL);
        exclude("the hypervisor of the tested host reports RIP at the instruction and not behind it", Mnemonic.INT1);
    }

    private Exclusions() {}

    private static void exclude(String reason, Mnemonic... mnemonics) {
        for (Mnemonic mnemonic : mnemonics) {
            REASONS.put(mnemonic, reason);
        }
    }

    /** Why a row is not run on the host, or null. */
    static String reason(OpcodeRow row) {
        return REASONS.get(row.mnemonic());
    }

    static boolean excludes(OpcodeRow row) {
        return reason(row) != null;
    }
}
