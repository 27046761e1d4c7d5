package dev.quoll.emulator;

import dev.quoll.machine.Assembler;
import dev.quoll.machine.Disassembler.CodeBits;
import java.util.Map;

/** The machine's assembler: what the emulator's opcode table can express. */
public final class IntelAssembler implements Assembler {
    /** For {@link java.util.ServiceLoader}. */
    public IntelAssembler() {}

    @Override
    public Program assemble(CodeBits bits, long origin, Map<String, Long> constants, String source) {
        return new dev.quoll.emulator.isa.Assembler(IntelDisassembler.size(bits), constants).assemble(origin, source);
    }
}
