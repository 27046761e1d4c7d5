package dev.quoll.machine;

import java.util.Map;

/**
 * Turns text into instruction bytes, for small guests of one's own; found by ServiceLoader. A line has a label
 * ({@code name:}), an instruction in Intel's syntax and capital letters, or data ({@code DB}, {@code DW}, {@code DD},
 * {@code DQ} with numbers, {@code DB} also with {@code "text"}; {@code SPACE} with a number of zero bytes; {@code ALIGN}).
 * Several are parted by {@code ;}, and what follows {@code #} is a comment.
 */
public interface Assembler {
    /** A program and the addresses of its labels. */
    record Program(long origin, byte[] code, Map<String, Long> labels) {
        /** @throws IllegalArgumentException for a label that is nowhere */
        public long label(String name) {
            Long address = labels.get(name);
            if (address == null) {
                throw new IllegalArgumentException("there is no label " + name);
            }
            return address;
        }
    }

    /**
     * Assembles code for one address.
     *
     * @param constants names that may stand for numbers
     * @throws IllegalArgumentException for a line that is no instruction, with that line
     */
    Program assemble(Disassembler.CodeBits bits, long origin, Map<String, Long> constants, String source);
}
