package dev.quoll.cli.demo;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Assembles the few 32-bit instructions that the demo guest is made of (SDM vol. 2), with labels. All displacements and
 * immediates are written 32 bits wide, so that every label can be filled in after one pass.
 */
final class Assembler {
    /** General registers in encoding order. */
    enum Reg {
        EAX,
        ECX,
        EDX,
        EBX,
        ESP,
        EBP,
        ESI,
        EDI
    }

    /** Conditions of {@link #jumpIf}, with their encoding (SDM vol. 2, appendix B, table B-10). */
    enum If {
        BELOW(2),
        ZERO(4),
        NOT_ZERO(5);

        private final int code;

        If(int code) {
            this.code = code;
        }
    }

    private record Fixup(int at, String label, boolean relative) {}

    private final int origin;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Map<String, Integer> labels = new HashMap<>();
    private final List<Fixup> fixups = new ArrayList<>();

    /** @param origin address at which the first byte will lie */
    Assembler(int origin) {
        this.origin = origin;
    }

    /** The next byte's address gets a name. */
    Assembler label(String name) {
        if (labels.put(name, origin + bytes.size()) != null) {
            throw new IllegalArgumentException("label " + name + " is there twice");
        }
        return this;
    }

    /** Bytes as they are: instructions without operands that need encoding. */
    Assembler code(int... octets) {
        for (int octet : octets) {
            bytes.write(octet);
        }
        return this;
    }

    Assembler int32(int value) {
        return code(value, value >>> 8, value >>> 16, value >>> 24);
    }

    Assembler int16(int value) {
        return code(value, value >>> 8);
    }

    /** A label's address as data. */
    Assembler address(String name) {
        fixups.add(new Fixup(bytes.size(), name, false));
        return int32(0);
    }

    /** ASCII text with a zero behind it. */
    Assembler text(String text) {
        bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        return code(0);
    }

    /** Zero bytes. */
    Assembler space(int count) {
        bytes.writeBytes(new byte[count]);
        return this;
    }

    private Assembler relative(String name) {
        fixups.add(new Fixup(bytes.size(), name, true));
        return int32(0);
    }

    Assembler call(String name) {
        return code(0xe8).relative(name);
    }

    Assembler jump(String name) {
        return code(0xe9).relative(name);
    }

    Assembler jumpIf(If condition, String name) {
        return code(0x0f, 0x80 | condition.code).relative(name);
    }

    Assembler move(Reg to, int value) {
        return code(0xb8 | to.ordinal()).int32(value);
    }

    Assembler move(Reg to, Reg from) {
        return code(0x89, 0xc0 | from.ordinal() << 3 | to.ordinal());
    }

    /** The label's address. */
    Assembler moveAddress(Reg to, String name) {
        return code(0xb8 | to.ordinal()).address(name);
    }

    /** The double word at the label. */
    Assembler load(Reg to, String name) {
        return code(0x8b, to.ordinal() << 3 | 5).address(name);
    }

    Assembler store(String name, Reg from) {
        return code(0x89, from.ordinal() << 3 | 5).address(name);
    }

    /** A double word to an absolute address, such as a device's register. */
    Assembler store(int absolute, Reg from) {
        return code(0x89, from.ordinal() << 3 | 5).int32(absolute);
    }

    Assembler store(int absolute, int value) {
        return code(0xc7, 5).int32(absolute).int32(value);
    }

    /** A double word to {@code [base + offset]}; base is not ESP. */
    Assembler store(Reg base, int offset, Reg from) {
        return code(0x89, 0x80 | from.ordinal() << 3 | base.ordinal()).int32(offset);
    }

    Assembler add(Reg to, int value) {
        return code(0x81, 0xc0 | to.ordinal()).int32(value);
    }

    Assembler compare(Reg with, int value) {
        return code(0x81, 0xf8 | with.ordinal()).int32(value);
    }

    Assembler increment(String name) {
        return code(0xff, 5).address(name);
    }

    /** {@code to = from * value}. */
    Assembler multiply(Reg to, Reg from, int value) {
        return code(0x69, 0xc0 | to.ordinal() << 3 | from.ordinal()).int32(value);
    }

    Assembler push(Reg register) {
        return code(0x50 | register.ordinal());
    }

    Assembler pop(Reg register) {
        return code(0x58 | register.ordinal());
    }

    /** A byte from port to AL. */
    Assembler in(int port) {
        return move(Reg.EDX, port).code(0xec);
    }

    /** AL to a port. */
    Assembler out(int port) {
        return move(Reg.EDX, port).code(0xee);
    }

    /** Address of a label. @throws IllegalArgumentException for one that is nowhere */
    int addressOf(String name) {
        Integer address = labels.get(name);
        if (address == null) {
            throw new IllegalArgumentException("there is no label " + name);
        }
        return address;
    }

    /** The program, with its labels filled in. */
    byte[] assemble() {
        byte[] program = bytes.toByteArray();
        ByteBuffer buffer = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
        for (Fixup fixup : fixups) {
            int target = addressOf(fixup.label);
            buffer.putInt(fixup.at, fixup.relative ? target - (origin + fixup.at + 4) : target);
        }
        return program;
    }
}
