package dev.quoll.devices.acpi;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;

/**
 * Writes ACPI machine language, bottom up: each method gives the encoding of one construct of ASL from the encodings of
 * its parts (ACPI 6.5, chapter 20.2). Malformed names and values are refused when the tables are built, with what was
 * wrong. Names may be a segment ({@code PCI0}), a path ({@code _SB_.PCI0}), absolute ({@code \_SB_}) or relative to the
 * parent ({@code ^CRS_}); segments shorter than four characters are padded with underscores, as ASL does.
 */
public final class Aml {
    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0a;
    private static final int WORD_PREFIX = 0x0b;
    private static final int DWORD_PREFIX = 0x0c;
    private static final int STRING_PREFIX = 0x0d;
    private static final int QWORD_PREFIX = 0x0e;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int METHOD_OP = 0x14;
    private static final int DUAL_NAME_PREFIX = 0x2e;
    private static final int MULTI_NAME_PREFIX = 0x2f;
    private static final int EXTENDED = 0x5b;
    private static final int LOCAL_0 = 0x60;
    private static final int ARG_0 = 0x68;
    private static final int STORE_OP = 0x70;
    private static final int ADD_OP = 0x72;
    private static final int AND_OP = 0x7b;
    private static final int OR_OP = 0x7d;
    private static final int NOTIFY_OP = 0x86;
    private static final int CREATE_DWORD_FIELD_OP = 0x8a;
    private static final int LNOT_OP = 0x92;
    private static final int LEQUAL_OP = 0x93;
    private static final int LLESS_OP = 0x95;
    private static final int IF_OP = 0xa0;
    private static final int ELSE_OP = 0xa1;
    private static final int WHILE_OP = 0xa2;
    private static final int RETURN_OP = 0xa4;
    private static final int EXT_OPERATION_REGION = 0x80;
    private static final int EXT_FIELD = 0x81;
    private static final int EXT_DEVICE = 0x82;

    /** Address spaces of operation regions and generic addresses (ACPI 6.5, 5.5.2.4). */
    public enum Space {
        SYSTEM_MEMORY(0),
        SYSTEM_IO(1),
        PCI_CONFIG(2);

        private final int code;

        Space(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** Access width of a field (ACPI 6.5, 19.6.48). */
    public enum FieldAccess {
        ANY(0),
        BYTE(1),
        WORD(2),
        DWORD(3),
        QWORD(4);

        private final int code;

        FieldAccess(int code) {
            this.code = code;
        }
    }

    /** One unit of a field list. @param name null for bits that are skipped @param bits width */
    public record FieldUnit(String name, int bits) {}

    private Aml() {}

    private static AmlTerm term(ByteSequence out) {
        return new AmlTerm(out.toBytes());
    }

    private static AmlTerm joined(AmlTerm... parts) {
        ByteSequence out = new ByteSequence();
        for (AmlTerm part : parts) {
            part.writeTo(out);
        }
        return term(out);
    }

    private static AmlTerm opcode(int opcode, AmlTerm... operands) {
        ByteSequence out = new ByteSequence();
        if (opcode > 0xff) {
            out.u8(opcode >>> 8);
        }
        out.u8(opcode);
        joined(operands).writeTo(out);
        return term(out);
    }

    /** Opcode, package length and body; the length counts its own one to four bytes (ACPI 6.5, 20.2.4). */
    private static AmlTerm packaged(int opcode, AmlTerm... body) {
        AmlTerm content = joined(body);
        int prefix = 1;
        while (content.length() + prefix >= (prefix == 1 ? 1 << 6 : 1 << 4 + 8 * (prefix - 1))) {
            prefix++;
        }
        int length = content.length() + prefix;
        ByteSequence out = new ByteSequence();
        if (opcode > 0xff) {
            out.u8(opcode >>> 8);
        }
        out.u8(opcode);
        if (prefix == 1) {
            out.u8(length);
        } else {
            out.u8(prefix - 1 << 6 | length & 0xf);
            for (int i = 1; i < prefix; i++) {
                out.u8(length >>> 8 * i - 4);
            }
        }
        content.writeTo(out);
        return term(out);
    }

    private static AmlTerm flags(int value) {
        return term(new ByteSequence().u8(value));
    }

    /** A reference to a name, and the encoding of names wherever one is declared. */
    public static AmlTerm path(String name) {
        ByteSequence out = new ByteSequence();
        int start = 0;
        while (start < name.length() && (name.charAt(start) == '\\' || name.charAt(start) == '^')) {
            out.u8(name.charAt(start++));
        }
        String[] segments = name.substring(start).split("\\.");
        if (start == name.length()) {
            out.u8(0);
            return term(out);
        }
        if (segments.length == 2) {
            out.u8(DUAL_NAME_PREFIX);
        } else if (segments.length > 2) {
            out.u8(MULTI_NAME_PREFIX).u8(segments.length);
        }
        for (String segment : segments) {
            if (!segment.matches("[A-Z_][A-Z0-9_]{0,3}")) {
                throw new IllegalArgumentException("'" + name + "' is not an ACPI name");
            }
            out.bytes((segment + "___").substring(0, 4).getBytes(StandardCharsets.US_ASCII));
        }
        return term(out);
    }

    /** An integer in its shortest form. */
    public static AmlTerm integer(long value) {
        ByteSequence out = new ByteSequence();
        if (value == 0 || value == 1) {
            return term(out.u8(value == 0 ? ZERO_OP : ONE_OP));
        }
        if (value >>> 8 == 0) {
            return term(out.u8(BYTE_PREFIX).u8((int) value));
        }
        if (value >>> 16 == 0) {
            return term(out.u8(WORD_PREFIX).u16((int) value));
        }
        if (value >>> 32 == 0) {
            return term(out.u8(DWORD_PREFIX).u32(value));
        }
        return term(out.u8(QWORD_PREFIX).u64(value));
    }

    /** An ASCII string. */
    public static AmlTerm string(String text) {
        if (!text.chars().allMatch(c -> c > 0 && c < 0x80)) {
            throw new IllegalArgumentException("an ACPI string is ASCII, '" + text + "' is not");
        }
        return term(new ByteSequence()
                .u8(STRING_PREFIX)
                .bytes(text.getBytes(StandardCharsets.US_ASCII))
                .u8(0));
    }

    /** A compressed EISA id such as {@code PNP0A08} (ACPI 6.5, 19.3.4). */
    public static AmlTerm eisaId(String id) {
        if (!id.matches("[A-Z]{3}[0-9A-F]{4}")) {
            throw new IllegalArgumentException("'" + id + "' is not an EISA id");
        }
        int letters = (id.charAt(0) - '@') << 10 | (id.charAt(1) - '@') << 5 | id.charAt(2) - '@';
        int value = letters << 16 | Integer.parseInt(id.substring(3), 16);
        return term(new ByteSequence().u8(DWORD_PREFIX).u32(Integer.reverseBytes(value) & 0xffff_ffffL));
    }

    /** A buffer with given content. */
    public static AmlTerm buffer(byte... content) {
        return packaged(BUFFER_OP, integer(content.length), new AmlTerm(content));
    }

    /** A UUID in the mixed byte order of {@code ToUUID}. */
    public static AmlTerm uuid(String text) {
        UUID uuid = UUID.fromString(text.toLowerCase(Locale.ROOT));
        long high = uuid.getMostSignificantBits();
        return buffer(new ByteSequence()
                .u32(high >>> 32)
                .u16((int) (high >>> 16))
                .u16((int) high)
                .u64(Long.reverseBytes(uuid.getLeastSignificantBits()))
                .toBytes());
    }

    /** A package of at most 255 elements. */
    public static AmlTerm packageOf(AmlTerm... elements) {
        if (elements.length > 255) {
            throw new IllegalArgumentException("a package holds at most 255 elements, not " + elements.length);
        }
        return packaged(PACKAGE_OP, flags(elements.length), joined(elements));
    }

    /** A buffer of resource descriptors with its end tag (ACPI 6.5, 6.4.2.9; checksum 0 means not checked). */
    public static AmlTerm resources(AmlResource... descriptors) {
        ByteSequence out = new ByteSequence();
        for (AmlResource descriptor : descriptors) {
            out.bytes(descriptor.bytes());
        }
        return buffer(out.u8(0x79).u8(0).toBytes());
    }

    public static AmlTerm name(String name, AmlTerm value) {
        return opcode(NAME_OP, path(name), value);
    }

    public static AmlTerm scope(String name, AmlTerm... content) {
        return packaged(SCOPE_OP, path(name), joined(content));
    }

    public static AmlTerm device(String name, AmlTerm... content) {
        return packaged(EXTENDED << 8 | EXT_DEVICE, path(name), joined(content));
    }

    /** @param arguments 0-7 @param serialized one caller at a time; needed when the body declares names */
    public static AmlTerm method(String name, int arguments, boolean serialized, AmlTerm... body) {
        return packaged(METHOD_OP, path(name), flags(arguments | (serialized ? 8 : 0)), joined(body));
    }

    public static AmlTerm operationRegion(String name, Space space, long offset, long length) {
        return opcode(
                EXTENDED << 8 | EXT_OPERATION_REGION,
                path(name),
                flags(space.code()),
                integer(offset),
                integer(length));
    }

    /** Named bit ranges of an operation region, without lock, preserving what is not written. */
    public static AmlTerm field(String region, FieldAccess access, FieldUnit... units) {
        ByteSequence list = new ByteSequence();
        for (FieldUnit unit : units) {
            if (unit.bits() < 1 || unit.bits() > 63) {
                throw new IllegalArgumentException("a field unit of " + unit.bits() + " bits");
            }
            if (unit.name() == null) {
                list.u8(0);
            } else {
                path(unit.name()).writeTo(list);
            }
            list.u8(unit.bits());
        }
        return packaged(EXTENDED << 8 | EXT_FIELD, path(region), flags(access.code), term(list));
    }

    /** {@code CreateDWordField (source, index, name)}. */
    public static AmlTerm createDwordField(AmlTerm source, int byteIndex, String name) {
        return opcode(CREATE_DWORD_FIELD_OP, source, integer(byteIndex), path(name));
    }

    /** Argument 0-6 of a method. */
    public static AmlTerm argument(int number) {
        return flags(ARG_0 + Objects.checkIndex(number, 7));
    }

    /** Local variable 0-7. */
    public static AmlTerm local(int number) {
        return flags(LOCAL_0 + Objects.checkIndex(number, 8));
    }

    public static AmlTerm store(AmlTerm value, AmlTerm target) {
        return opcode(STORE_OP, value, target);
    }

    public static AmlTerm add(AmlTerm a, AmlTerm b, AmlTerm target) {
        return opcode(ADD_OP, a, b, target);
    }

    public static AmlTerm and(AmlTerm a, AmlTerm b, AmlTerm target) {
        return opcode(AND_OP, a, b, target);
    }

    public static AmlTerm or(AmlTerm a, AmlTerm b, AmlTerm target) {
        return opcode(OR_OP, a, b, target);
    }

    public static AmlTerm equal(AmlTerm a, AmlTerm b) {
        return opcode(LEQUAL_OP, a, b);
    }

    public static AmlTerm notEqual(AmlTerm a, AmlTerm b) {
        return opcode(LNOT_OP, equal(a, b));
    }

    public static AmlTerm less(AmlTerm a, AmlTerm b) {
        return opcode(LLESS_OP, a, b);
    }

    public static AmlTerm ifThen(AmlTerm condition, AmlTerm... body) {
        return packaged(IF_OP, condition, joined(body));
    }

    /** Follows an {@link #ifThen} directly. */
    public static AmlTerm otherwise(AmlTerm... body) {
        return packaged(ELSE_OP, joined(body));
    }

    public static AmlTerm whileTrue(AmlTerm condition, AmlTerm... body) {
        return packaged(WHILE_OP, condition, joined(body));
    }

    public static AmlTerm notify(String object, AmlTerm value) {
        return opcode(NOTIFY_OP, path(object), value);
    }

    public static AmlTerm returns(AmlTerm value) {
        return opcode(RETURN_OP, value);
    }
}
