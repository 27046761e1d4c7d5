package dev.quoll.bindings.generator;

import java.util.List;

/**
 * What one spec file asks for: a set of C declarations that become one Java package.
 *
 * @param packageName the Java package of the output
 * @param header      the class that carries constants and functions
 * @param preamble    preprocessor lines that make the declarations visible to the C compiler
 */
record Specification(
        String packageName,
        String header,
        List<String> preamble,
        List<Constant> constants,
        List<Struct> structs,
        List<Function> functions) {

    /** A macro, and the Java type its value takes ({@code int} or {@code long}). */
    record Constant(String name, String javaType) {}

    /**
     * A C structure.
     *
     * @param name  the tag or, for a {@code typedef}, the type name; also the name of the Java class
     * @param cType how C refers to the type
     */
    record Struct(String name, String cType, List<Member> members) {}

    /** Something between the braces of a structure. */
    sealed interface Member permits Field, Group {
        String name();
    }

    /**
     * A field.
     *
     * @param type   the element type as written in C
     * @param length the number of array elements, {@link #SCALAR} or {@link #FLEXIBLE}
     */
    record Field(String type, String name, int length) implements Member {
        static final int SCALAR = -1;
        static final int FLEXIBLE = 0;

        boolean scalar() {
            return length == SCALAR;
        }

        boolean flexible() {
            return length == FLEXIBLE;
        }

        boolean ofStructs() {
            return type.startsWith("struct ") && !type.contains("*");
        }

        /** The name of the structure that the field or its elements are. */
        String tag() {
            return type.substring("struct ".length());
        }

        /** The field as C declares it. */
        String declaration() {
            return type + " " + name + (scalar() ? "" : flexible() ? "[]" : "[" + length + "]");
        }
    }

    /** A struct or union declared in place; one without a name lends its members to the structure around it. */
    record Group(boolean union, String name, List<Member> members) implements Member {
        boolean anonymous() {
            return name.isEmpty();
        }
    }

    /** A function parameter. */
    record Parameter(String type, String name) {}

    /**
     * A function of the C library.
     *
     * @param symbol        its name in C
     * @param javaName      its name in Java, which differs where one function is bound in two shapes
     * @param firstVariadic index of the first parameter that C passes through {@code ...}, or -1
     * @param errno         whether the call records {@code errno}
     */
    record Function(
            String symbol,
            String javaName,
            String returnType,
            List<Parameter> parameters,
            int firstVariadic,
            boolean errno) {}
}
