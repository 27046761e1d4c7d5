package dev.quoll.devices.acpi;

import java.util.Arrays;

/** An encoded piece of ACPI machine language: an object, a statement or a value. Made by {@link Aml}. */
public final class AmlTerm {
    private final byte[] bytes;

    AmlTerm(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The byte code. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Appends the byte code. */
    void writeTo(ByteSequence out) {
        out.bytes(bytes);
    }

    int length() {
        return bytes.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AmlTerm term && Arrays.equals(bytes, term.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }
}
