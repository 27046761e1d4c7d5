package dev.quoll.bindings.generator;

import java.util.Map;
import java.util.OptionalLong;

/** What the C compiler said: sizes, offsets and values, in bytes where they are lengths. */
record Measurements(Map<String, Long> values) {

    /** Size of a type, of a structure, or of a group given as {@code struct.path}. */
    long size(String what) {
        return require("sizeof " + what);
    }

    long alignment(String struct) {
        return require("alignof " + struct);
    }

    /** Offset of a member from the start of the outermost structure. */
    long offset(String struct, String path) {
        return require("offset " + struct + "." + path);
    }

    /** Value of a macro, or empty where this machine's headers are too old to have it. */
    OptionalLong constant(String name) {
        Long value = values.get("constant " + name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    private long require(String key) {
        Long value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("the C compiler was not asked for '" + key + "'");
        }
        return value;
    }
}
