package dev.quoll.devices.smbios;

import dev.quoll.devices.acpi.ByteSequence;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One structure in the making: a formatted part and the strings that it names by number (DSP0134, 6.1). */
final class SmbiosStructure {
    private static final int HEADER = 4;

    private final int type;
    private final ByteSequence formatted = new ByteSequence();
    private final List<String> strings = new ArrayList<>();

    SmbiosStructure(int type) {
        this.type = type;
    }

    SmbiosStructure u8(int value) {
        formatted.u8(value);
        return this;
    }

    SmbiosStructure u16(int value) {
        formatted.u16(value);
        return this;
    }

    SmbiosStructure u32(long value) {
        formatted.u32(value);
        return this;
    }

    SmbiosStructure u64(long value) {
        formatted.u64(value);
        return this;
    }

    /** The number of a string; 0 for an empty one, which cannot be stored. */
    SmbiosStructure string(String text) {
        if (text.isEmpty()) {
            return u8(0);
        }
        strings.add(text);
        return u8(strings.size());
    }

    /** @param handle unique among the structures of a table */
    void writeTo(ByteSequence out, int handle) {
        out.u8(type).u8(HEADER + formatted.length()).u16(handle).bytes(formatted.toBytes());
        for (String text : strings) {
            out.bytes(text.getBytes(StandardCharsets.US_ASCII)).u8(0);
        }
        // The set of strings ends with an empty one; a set without any is two zeroes.
        out.zeros(strings.isEmpty() ? 2 : 1);
    }
}
