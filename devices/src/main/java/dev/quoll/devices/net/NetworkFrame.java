package dev.quoll.devices.net;

import java.nio.ByteBuffer;

/**
 * An Ethernet frame with what {@code struct virtio_net_hdr} says about it (virtio 1.2, section 5.1.6). Made once and filled again and
 * again. Not thread-safe.
 */
public final class NetworkFrame {
    /** Most bytes of a frame: a full IPv4 packet behind an Ethernet header with one VLAN tag. */
    public static final int MAX_LENGTH = 65535 + 14 + 4;

    /** Flag: the checksum at {@link #checksumStart} + {@link #checksumOffset} is still to be finished. */
    public static final int NEEDS_CHECKSUM = 1;
    /** Flag: checksums have been found right. */
    public static final int CHECKSUM_VALID = 2;

    public static final int GSO_NONE = 0;
    public static final int GSO_TCP4 = 1;
    public static final int GSO_TCP6 = 4;
    /** Added to a type: TCP with congestion notification. */
    public static final int GSO_ECN = 0x80;

    private final byte[] bytes = new byte[MAX_LENGTH];
    private final ByteBuffer view = ByteBuffer.wrap(bytes);
    private int length;
    private int flags;
    private int gsoType;
    private int headerLength;
    private int gsoSize;
    private int checksumStart;
    private int checksumOffset;

    /** The room for the frame; its first {@link #length} bytes are the frame. */
    public byte[] bytes() {
        return bytes;
    }

    /** A part of the room as a buffer: always the same one, set to that part. */
    public ByteBuffer view(int offset, int count) {
        return view.limit(offset + count).position(offset);
    }

    public int length() {
        return length;
    }

    /** Makes it a plain frame of so many bytes, with nothing left to the receiver. */
    public void setPlain(int count) {
        length = count;
        setOffload(0, GSO_NONE, 0, 0, 0, 0);
    }

    public void setLength(int count) {
        length = count;
    }

    /** Sets what is left to the receiver; the parameters are the fields of the header. */
    public void setOffload(
            int newFlags, int newGsoType, int newHeaderLength, int newGsoSize, int newChecksumStart, int newChecksumOffset) {
        flags = newFlags;
        gsoType = newGsoType;
        headerLength = newHeaderLength;
        gsoSize = newGsoSize;
        checksumStart = newChecksumStart;
        checksumOffset = newChecksumOffset;
    }

    public int flags() {
        return flags;
    }

    public boolean needsChecksum() {
        return (flags & NEEDS_CHECKSUM) != 0;
    }

    public int gsoType() {
        return gsoType;
    }

    public int headerLength() {
        return headerLength;
    }

    public int gsoSize() {
        return gsoSize;
    }

    public int checksumStart() {
        return checksumStart;
    }

    public int checksumOffset() {
        return checksumOffset;
    }

    /** Takes over another frame whole. */
    public void copyFrom(NetworkFrame other) {
        System.arraycopy(other.bytes, 0, bytes, 0, other.length);
        length = other.length;
        setOffload(other.flags, other.gsoType, other.headerLength, other.gsoSize, other.checksumStart, other.checksumOffset);
    }
}
