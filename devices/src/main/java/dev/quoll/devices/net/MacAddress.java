package dev.quoll.devices.net;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/** An Ethernet address. @param value its 48 bits, the first byte on the wire highest */
public record MacAddress(long value) {
    /** Bytes. */
    public static final int LENGTH = 6;

    public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

    public MacAddress {
        if (value >>> 48 != 0) {
            throw new IllegalArgumentException("more than 48 bits: %#x".formatted(value));
        }
    }

    /** @throws IllegalArgumentException unless it is six bytes in hex with colons between; a sentence without its full stop */
    public static MacAddress parse(String text) {
        try {
            byte[] bytes = HexFormat.ofDelimiter(":").parseHex(text);
            if (bytes.length == LENGTH) {
                return new MacAddress(at(bytes, 0));
            }
        } catch (IllegalArgumentException _) {
            // Told below, in one sentence for both ways to be wrong.
        }
        throw new IllegalArgumentException("\"%s\" is not an Ethernet address such as 52:54:00:12:34:56".formatted(text));
    }

    /** An address for a card, of the locally administered unicast kind that virtual machines use (52:54:00). */
    public static MacAddress random(RandomGenerator random) {
        return new MacAddress(0x5254_0000_0000L | random.nextInt() & 0xff_ffffL);
    }

    /** The 48 bits at a place in a frame. */
    public static long at(byte[] frame, int offset) {
        long value = 0;
        for (int i = 0; i < LENGTH; i++) {
            value = value << 8 | frame[offset + i] & 0xff;
        }
        return value;
    }

    /** Writes 48 bits to a place in a frame. */
    public static void put(byte[] frame, int offset, long value) {
        for (int i = 0; i < LENGTH; i++) {
            frame[offset + i] = (byte) (value >>> 8 * (LENGTH - 1 - i));
        }
    }

    /** Whether it names a group of stations, broadcast included (IEEE 802.3, 3.2.3). */
    public boolean group() {
        return isGroup(value);
    }

    static boolean isGroup(long address) {
        return (address >>> 40 & 1) != 0;
    }

    @Override
    public String toString() {
        byte[] bytes = new byte[LENGTH];
        put(bytes, 0, value);
        return HexFormat.ofDelimiter(":").formatHex(bytes);
    }
}
