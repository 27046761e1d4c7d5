package dev.quoll.bindings.generator;

/** The Java type that carries a C scalar across a call or in and out of memory, and its layout. */
enum Carrier {
    BYTE("byte", "OfByte", "JAVA_BYTE", 1),
    SHORT("short", "OfShort", "JAVA_SHORT", 2),
    INT("int", "OfInt", "JAVA_INT", 4),
    LONG("long", "OfLong", "JAVA_LONG", 8),
    ADDRESS("MemorySegment", "AddressLayout", "ADDRESS", 8);

    final String javaType;
    final String layoutType;
    private final String constant;
    final int size;

    Carrier(String javaType, String valueLayout, String constant, int size) {
        this.javaType = javaType;
        this.layoutType = valueLayout.startsWith("Of") ? "ValueLayout." + valueLayout : valueLayout;
        this.constant = constant;
        this.size = size;
    }

    /** The carrier of a C type; every pointer is an address, an integer goes by its size. */
    static Carrier of(String cType, Measurements measured) {
        if (cType.contains("*")) {
            return ADDRESS;
        }
        long size = measured.size(cType);
        for (Carrier carrier : values()) {
            if (carrier.size == size) {
                return carrier;
            }
        }
        throw new IllegalArgumentException("no Java type for " + cType + " of " + size + " bytes");
    }

    /** Source text of the layout outside of structures. */
    String layout() {
        return "ValueLayout." + constant;
    }

    /** The same in a structure of that alignment; a packed one may place the value off its natural boundary. */
    String layout(long offset, long alignment) {
        return layout() + (offset % size == 0 && alignment >= size ? "" : "_UNALIGNED");
    }
}
