package dev.quoll.devices;

import java.util.Arrays;

/** Bytes inside a state record, compared by content. Holders do not change the array. */
public record Bytes(byte[] values) {
    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes(byte[] theirs) && Arrays.equals(values, theirs);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "Bytes[" + values.length + ": " + java.util.HexFormat.of().formatHex(values) + "]";
    }
}
