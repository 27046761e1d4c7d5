package dev.quoll.devices.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The checksum of IP, ICMP, UDP and TCP (RFC 1071): one's complement sum of 16-bit words. */
public final class InternetChecksum {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private InternetChecksum() {}

    /**
     * Adds bytes to a sum; a last odd byte counts as the high half of a word. Sums wide words and leaves the folding to the end
     * (RFC 1071, 2.(C)).
     *
     * @param sum 0, or what an earlier call gave for an even number of bytes
     */
    public static long add(long sum, byte[] bytes, int offset, int count) {
        long total = sum;
        int at = offset;
        int end = offset + count;
        for (; end - at >= 8; at += 8) {
            long word = (long) LONG.get(bytes, at);
            total += (word >>> 32) + (word & 0xffff_ffffL);
        }
        for (; end - at >= 2; at += 2) {
            total += BigEndian.u16(bytes, at);
        }
        if (at < end) {
            total += (bytes[at] & 0xffL) << 8;
        }
        return total;
    }

    /** Adds the pseudo-header of TCP and UDP over IPv4 (RFC 9293, 3.1): addresses at {@code ip} + 12, protocol, length. */
    public static long pseudoHeader(byte[] bytes, int ip, int protocol, int length) {
        return add(0, bytes, ip + 12, 8) + protocol + length;
    }

    /** A sum in 16 bits, not complemented. */
    public static int fold(long sum) {
        long folded = (sum >>> 32) + (sum & 0xffff_ffffL);
        while (folded >>> 16 != 0) {
            folded = (folded >>> 16) + (folded & 0xffff);
        }
        return (int) folded;
    }

    /** The checksum of a sum. */
    public static int of(long sum) {
        return ~fold(sum) & 0xffff;
    }
}
