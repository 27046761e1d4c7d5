package dev.quoll.machine;

/** Turns instruction bytes into text, Intel syntax; found by ServiceLoader, for error reports and tools. */
public interface Disassembler {
    /** Default code size of the segment the bytes are in. */
    enum CodeBits {
        BITS_16,
        BITS_32,
        BITS_64
    }

    /**
     * One line.
     *
     * @param length bytes consumed, at least 1 (an undecodable byte is {@code (bad)})
     * @param undefinedFlags the bits of RFLAGS that the manuals leave undefined after the instruction
     */
    record Line(int length, String text, int undefinedFlags) {}

    /** Decodes at {@code start}; never throws on any bytes. @param address of the first byte, for branch targets */
    Line disassemble(byte[] code, int start, long address, CodeBits bits);
}
