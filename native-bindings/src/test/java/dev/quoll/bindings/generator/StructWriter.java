package dev.quoll.bindings.generator;

import static dev.quoll.bindings.generator.JavaSource.identifier;

import dev.quoll.bindings.generator.Specification.Field;
import dev.quoll.bindings.generator.Specification.Group;
import dev.quoll.bindings.generator.Specification.Member;
import dev.quoll.bindings.generator.Specification.Struct;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the class of one structure, in the conventions of the JDK's jextract: a private layout, static accessors named
 * after the fields, {@code x$layout()} and {@code x$offset()}, allocation and reinterpretation. Named groups become
 * nested classes of the same shape; members of anonymous ones appear in the class around them. A flexible array has
 * indexed accessors, and the structure an {@code allocate} that takes the number of elements.
 */
final class StructWriter {
    private static final List<String> IMPORTS = List.of(
            "dev.quoll.bindings.restricted.RestrictedOperations",
            "java.lang.foreign.AddressLayout",
            "java.lang.foreign.Arena",
            "java.lang.foreign.GroupLayout",
            "java.lang.foreign.MemoryLayout",
            "java.lang.foreign.MemorySegment",
            "java.lang.foreign.SegmentAllocator",
            "java.lang.foreign.SequenceLayout",
            "java.lang.foreign.ValueLayout",
            "java.util.Objects",
            "java.util.function.Consumer");

    private final Struct struct;
    private final Measurements measured;
    private final JavaSource out;
    private int anonymous;

    private StructWriter(Struct struct, Measurements measured, JavaSource out) {
        this.struct = struct;
        this.measured = measured;
        this.out = out;
    }

    /** The text of the class file for {@code struct}. */
    static String write(Specification spec, String specFile, Struct struct, Measurements measured) {
        var body = new JavaSource(spec, specFile, List.of());
        new StructWriter(struct, measured, body).topLevel();
        String text = body.toString();
        var used = IMPORTS.stream()
                .filter(name -> text.matches("(?s).*\\b" + name.substring(name.lastIndexOf('.') + 1) + "\\b.*"))
                .toList();
        var source = new JavaSource(spec, specFile, used);
        new StructWriter(struct, measured, source).topLevel();
        return source.toString();
    }

    private void topLevel() {
        out.javadoc("The C structure {@code " + struct.name() + "}, " + measured.size(struct.name()) + " bytes.",
                declaration(struct.cType(), struct.members()));
        type("public final class " + struct.name(), struct.name(), "", 0, measured.size(struct.name()),
                false, struct.members());
    }

    /** One class: of the structure, or of a named group at {@code base} in it. */
    private void type(String header, String name, String prefix, long base, long size, boolean union,
            List<Member> members) {
        out.open(header).line();
        out.line("private static final GroupLayout $LAYOUT = "
                + layout(prefix, base, base, size, union, name, members) + ";").line();
        out.method("private " + name + "()", "// static accessors only");
        out.line("/** The layout of the whole. */");
        out.method("public static GroupLayout layout()", "return $LAYOUT;");
        members(prefix, base, members);
        allocation(name, members);
        out.close();
    }

    /** The layout expression of a group; {@code at} is its start, {@code base} the start of the class it is in. */
    private String layout(String prefix, long base, long at, long size, boolean union, String name,
            List<Member> members) {
        List<String> parts = new ArrayList<>();
        long cursor = at;
        for (Member member : members) {
            long offset = offset(prefix, member);
            if (!union && offset > cursor) {
                parts.add("MemoryLayout.paddingLayout(" + (offset - cursor) + ")");
            }
            parts.add(switch (member) {
                case Field field -> elementLayout(field, offset, true);
                case Group group when group.anonymous() -> layout(prefix, base, offset, -1, group.union(),
                        anonymousName(), group.members());
                case Group group -> identifier(group.name()) + ".layout().withName(\"" + group.name() + "\")";
            });
            cursor = Math.max(cursor, offset + size(prefix, member));
        }
        if (size >= 0 && cursor < at + size) {
            parts.add("MemoryLayout.paddingLayout(" + (union ? size : at + size - cursor) + ")");
        }
        return "MemoryLayout." + (union ? "union" : "struct") + "Layout(\n"
                + String.join(",\n", parts).indent(8).stripTrailing() + ")\n"
                + ("        .withName(\"" + name + "\")");
    }

    private String anonymousName() {
        return "$anon$" + anonymous++;
    }

    private String elementLayout(Field field, long offset, boolean named) {
        String element = field.ofStructs()
                ? field.tag() + ".layout()"
                : valueLayout(Carrier.of(field.type(), measured), offset);
        String whole = field.scalar() ? element
                : "MemoryLayout.sequenceLayout(" + field.length() + ", " + element + ")";
        return named ? whole + ".withName(\"" + field.name() + "\")" : whole;
    }

    /** The layout of a value at {@code offset} of the structure, which may be packed. */
    private String valueLayout(Carrier carrier, long offset) {
        return carrier.layout(offset, measured.alignment(struct.name()));
    }

    private long offset(String prefix, Member member) {
        if (member instanceof Group group && group.anonymous()) {
            return group.members().stream().mapToLong(inner -> offset(prefix, inner)).min().orElseThrow();
        }
        return measured.offset(struct.name(), prefix + member.name());
    }

    private long size(String prefix, Member member) {
        return switch (member) {
            case Field field -> elementSize(field) * (field.scalar() ? 1 : field.length());
            case Group group when group.anonymous() -> {
                long start = offset(prefix, group);
                yield group.members().stream()
                        .mapToLong(inner -> offset(prefix, inner) + size(prefix, inner) - start).max().orElseThrow();
            }
            case Group group -> measured.size(struct.name() + "." + prefix + group.name());
        };
    }

    private long elementSize(Field field) {
        return field.ofStructs() ? measured.size(field.tag())
                : Carrier.of(field.type(), measured).size;
    }

    /** Accessors of all members, those of anonymous groups included. */
    private void members(String prefix, long base, List<Member> members) {
        for (Member member : members) {
            switch (member) {
                case Field field when field.flexible() -> flexible(prefix, base, field);
                case Field field when field.scalar() && !field.ofStructs() -> scalar(prefix, base, field);
                case Field field when field.scalar() -> embedded(prefix, base, field.name(),
                        field.tag(), field.declaration());
                case Field field -> array(prefix, base, field);
                case Group group when group.anonymous() -> members(prefix, base, group.members());
                case Group group -> {
                    String name = identifier(group.name());
                    out.javadoc("The member {@code " + group.name() + "}.", declaration(
                            group.union() ? "union" : "struct", group.members()));
                    type("public static final class " + name, name, prefix + group.name() + ".",
                            offset(prefix, group), size(prefix, group), group.union(), group.members());
                    out.line();
                    embedded(prefix, base, group.name(), name, group.name());
                }
            }
        }
    }

    private long offsetConstant(String prefix, long base, String cName) {
        long offset = measured.offset(struct.name(), prefix + cName) - base;
        String name = identifier(cName);
        out.line("private static final long " + name + "$OFFSET = " + offset + ";").line();
        return offset;
    }

    private void offsetMethod(String name, String cName) {
        out.line("/** Offset of {@code " + cName + "} in bytes. */");
        out.method("public static long " + name + "$offset()", "return " + name + "$OFFSET;");
    }

    private void scalar(String prefix, long base, Field field) {
        var carrier = Carrier.of(field.type(), measured);
        String name = identifier(field.name());
        long offset = measured.offset(struct.name(), prefix + field.name());
        out.field("private static final " + carrier.layoutType + " " + name + "$LAYOUT",
                valueLayout(carrier, offset) + ".withName(\"" + field.name() + "\")");
        offsetConstant(prefix, base, field.name());
        out.line("/** Layout of {@code " + field.name() + "}. */");
        out.method("public static " + carrier.layoutType + " " + name + "$layout()", "return " + name + "$LAYOUT;");
        offsetMethod(name, field.name());
        out.line("/** Reads {@code " + field.declaration() + "}. */");
        out.method("public static " + carrier.javaType + " " + name + "(MemorySegment struct)",
                "return struct.get(" + name + "$LAYOUT, " + name + "$OFFSET);");
        out.line("/** Writes {@code " + field.declaration() + "}. */");
        out.method("public static void " + name + "(MemorySegment struct, " + carrier.javaType + " value)",
                "struct.set(" + name + "$LAYOUT, " + name + "$OFFSET, value);");
    }

    /** A structure in the structure: accessors give the part that holds it. */
    private void embedded(String prefix, long base, String cName, String type, String declaration) {
        String name = identifier(cName);
        offsetConstant(prefix, base, cName);
        out.line("/** Layout of {@code " + cName + "}. */");
        out.method("public static GroupLayout " + name + "$layout()", "return " + type + ".layout();");
        offsetMethod(name, cName);
        out.line("/** The part of {@code struct} that holds {@code " + declaration + "}. */");
        out.method("public static MemorySegment " + name + "(MemorySegment struct)",
                "return struct.asSlice(" + name + "$OFFSET, " + type + ".layout().byteSize());");
        out.line("/** Copies {@code value} into {@code " + cName + "}. */");
        out.method("public static void " + name + "(MemorySegment struct, MemorySegment value)",
                "MemorySegment.copy(value, 0, struct, " + name + "$OFFSET, " + type + ".layout().byteSize());");
    }

    private void array(String prefix, long base, Field field) {
        String name = identifier(field.name());
        long offset = measured.offset(struct.name(), prefix + field.name());
        out.field("private static final SequenceLayout " + name + "$LAYOUT", elementLayout(field, offset, true));
        offsetConstant(prefix, base, field.name());
        out.line("/** Layout of {@code " + field.name() + "}. */");
        out.method("public static SequenceLayout " + name + "$layout()", "return " + name + "$LAYOUT;");
        offsetMethod(name, field.name());
        out.line("/** The part of {@code struct} that holds {@code " + field.declaration() + "}. */");
        out.method("public static MemorySegment " + name + "(MemorySegment struct)",
                "return struct.asSlice(" + name + "$OFFSET, " + name + "$LAYOUT.byteSize());");
        out.line("/** Copies {@code value} into {@code " + field.name() + "}. */");
        out.method("public static void " + name + "(MemorySegment struct, MemorySegment value)",
                "MemorySegment.copy(value, 0, struct, " + name + "$OFFSET, " + name + "$LAYOUT.byteSize());");
        elements(name, field, offset, "Objects.checkIndex(index, " + field.length() + "L)");
    }

    private void flexible(String prefix, long base, Field field) {
        String name = identifier(field.name());
        long offset = base + offsetConstant(prefix, base, field.name());
        String element = field.ofStructs() ? "GroupLayout" : Carrier.of(field.type(), measured).layoutType;
        out.line("/** Layout of one element of {@code " + field.name() + "}. */");
        out.method("public static " + element + " " + name + "$layout()", "return "
                + (field.ofStructs() ? field.tag() + ".layout()" : valueLayout(Carrier.of(field.type(), measured), offset))
                + ";");
        offsetMethod(name, field.name());
        elements(name, field, offset, "index");
    }

    private void elements(String name, Field field, long offset, String index) {
        String at = name + "$OFFSET + " + index + " * " + elementSize(field);
        if (field.ofStructs()) {
            String type = field.tag();
            out.line("/** The part of {@code struct} that holds element {@code index} of {@code "
                    + field.declaration() + "}. */");
            out.method("public static MemorySegment " + name + "(MemorySegment struct, long index)",
                    "return struct.asSlice(" + at + ", " + type + ".layout().byteSize());");
            return;
        }
        var carrier = Carrier.of(field.type(), measured);
        out.line("/** Reads element {@code index} of {@code " + field.declaration() + "}. */");
        out.method("public static " + carrier.javaType + " " + name + "(MemorySegment struct, long index)",
                "return struct.get(" + valueLayout(carrier, offset) + ", " + at + ");");
        out.line("/** Writes element {@code index} of {@code " + field.declaration() + "}. */");
        out.method("public static void " + name + "(MemorySegment struct, long index, " + carrier.javaType + " value)",
                "struct.set(" + valueLayout(carrier, offset) + ", " + at + ", value);");
    }

    private void allocation(String name, List<Member> members) {
        out.line("/** Size in bytes" + (flexibleTail(members) == null ? "" : ", without the elements at the end")
                + ". */");
        out.method("public static long sizeof()", "return $LAYOUT.byteSize();");
        Field tail = flexibleTail(members);
        if (tail == null) {
            out.line("/** Allocates one, zeroed if {@code allocator} zeroes. */");
            out.method("public static MemorySegment allocate(SegmentAllocator allocator)",
                    "return allocator.allocate($LAYOUT);");
            out.line("/** Allocates an array of {@code count}. */");
            out.method("public static MemorySegment allocateArray(long count, SegmentAllocator allocator)",
                    "return allocator.allocate(MemoryLayout.sequenceLayout(count, $LAYOUT));");
            out.line("/** Element {@code index} of an array. */");
            out.method("public static MemorySegment asSlice(MemorySegment array, long index)",
                    "return array.asSlice($LAYOUT.byteSize() * index, $LAYOUT.byteSize());");
            out.line("/** A segment of this size at the address of {@code address}; {@code cleanup} may be null. */");
            out.call("public static MemorySegment reinterpret", List.of(
                    "MemorySegment address", "Arena arena", "Consumer<MemorySegment> cleanup"));
            out.line("return RestrictedOperations.reinterpret(address, $LAYOUT.byteSize(), arena, cleanup);");
            out.close();
        } else {
            String element = identifier(tail.name()) + "$OFFSET + count * " + elementSize(tail);
            out.line("/** Size in bytes with {@code count} elements of {@code " + tail.name() + "}. */");
            out.method("public static long sizeof(long count)",
                    "return Math.max($LAYOUT.byteSize(), " + element + ");");
            out.line("/** Allocates one with room for {@code count} elements of {@code " + tail.name() + "}. */");
            out.method("public static MemorySegment allocate(long count, SegmentAllocator allocator)",
                    "return allocator.allocate(sizeof(count), $LAYOUT.byteAlignment());");
            out.line("/** A segment with {@code count} elements at the address of {@code address}; {@code cleanup} may"
                    + " be null. */");
            out.call("public static MemorySegment reinterpret", List.of(
                    "MemorySegment address", "long count", "Arena arena", "Consumer<MemorySegment> cleanup"));
            out.line("return RestrictedOperations.reinterpret(address, sizeof(count), arena, cleanup);");
            out.close();
        }
    }

    private static Field flexibleTail(List<Member> members) {
        return !members.isEmpty() && members.getLast() instanceof Field field && field.flexible() ? field : null;
    }

    private static String declaration(String head, List<Member> members) {
        var text = new StringBuilder(head).append(" {\n");
        for (Member member : members) {
            String inner = switch (member) {
                case Field field -> field.declaration() + ";";
                case Group group -> declaration(group.union() ? "union" : "struct", group.members())
                        + (group.anonymous() ? ";" : " " + group.name() + ";");
            };
            text.append(inner.indent(4));
        }
        return text.append("}").toString();
    }
}
