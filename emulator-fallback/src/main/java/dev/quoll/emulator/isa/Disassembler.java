package dev.quoll.emulator.isa;

/// Writes instructions in Intel syntax, close to that of GNU objdump.
public final class Disassembler {
    private Disassembler() {
    }

    /// Returns the text of an instruction.
    ///
    /// @param rip its address, from which branch targets and RIP-relative addresses are computed
    public static String text(Instruction instruction, long rip) {
        return instruction.mnemonic().toString() + rip;
    }
}
