package dev.quoll.emulator;

import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.machine.Disassembler;

/** The machine's disassembler: the emulator's decoder with every feature on. */
public final class IntelDisassembler implements Disassembler {
    private final Decoder decoder = new Decoder(CpuFeature.ALL);

    /** For {@link java.util.ServiceLoader}. */
    public IntelDisassembler() {}

    @Override
    public Line disassemble(byte[] code, int start, long address, CodeBits bits) {
        return decoder.decode(code, start, code.length, size(bits)) instanceof Instruction instruction
                ? new Line(
                        instruction.length(),
                        dev.quoll.emulator.isa.Disassembler.text(instruction, address),
                        instruction.row().flagsUndefined())
                : new Line(1, "(bad)", 0);
    }

    /** The decoder's name for a code size. */
    static CodeSize size(CodeBits bits) {
        return switch (bits) {
            case BITS_16 -> CodeSize.BITS16;
            case BITS_32 -> CodeSize.BITS32;
            case BITS_64 -> CodeSize.BITS64;
        };
    }
}
