package dev.quoll.cli.guests;

import dev.quoll.machine.Assembler;
import dev.quoll.machine.Disassembler.CodeBits;
import java.util.ServiceLoader;

/**
 * A guest in assembler. CPU n starts at the label {@code cpuN}; one without such a label waits for its start-up IPI. A label
 * {@code vector_NN} (hexadecimal) is the handler of that vector. What names stand for is in {@link GuestLayout}.
 *
 * @param name in small letters
 * @param says what it does, for a list
 * @param bits 64: long mode at privilege 0, memory mapped one to one; 16: real mode
 * @param source as {@link Assembler} takes it
 */
public record OwnGuest(String name, String says, CodeBits bits, int cpus, String source) {
    /** One CPU in long mode. */
    public OwnGuest(String name, String says, String source) {
        this(name, says, CodeBits.BITS_64, 1, source);
    }

    /** The guest's code, at {@link GuestLayout#CODE}. */
    Assembler.Program program() {
        Assembler assembler = ServiceLoader.load(Assembler.class)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no assembler is installed"));
        return assembler.assemble(bits, GuestLayout.CODE, GuestLayout.NAMES, source);
    }
}
