package dev.quoll.devices.vsock;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The header of a packet (struct virtio_vsock_hdr, section 5.10.6), with ports by side instead of by direction.
 *
 * @param guestPort unsigned
 * @param hostPort unsigned
 * @param length bytes of payload that follow
 * @param bufferSize the sender's buffer for this connection (buf_alloc)
 * @param forwarded bytes that the sender has taken out of its buffer so far, modulo 2^32 (fwd_cnt)
 */
record VsockPacket(
        long sourceCid,
        long targetCid,
        int guestPort,
        int hostPort,
        int length,
        int type,
        int operation,
        int flags,
        int bufferSize,
        int forwarded) {
    static final int HEADER = 44;
    static final long HOST_CID = 2;
    static final int STREAM = 1;

    static final int REQUEST = 1;
    static final int RESPONSE = 2;
    static final int RST = 3;
    static final int SHUTDOWN = 4;
    static final int RW = 5;
    static final int CREDIT_UPDATE = 6;
    static final int CREDIT_REQUEST = 7;

    /** Flags of SHUTDOWN: the sender takes no more, and sends no more. */
    static final int RECEIVE = 1;

    static final int SEND = 2;

    /** Reads a header that the guest sent. */
    static VsockPacket fromGuest(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new VsockPacket(
                buffer.getLong(0),
                buffer.getLong(8),
                buffer.getInt(16),
                buffer.getInt(20),
                buffer.getInt(24),
                Short.toUnsignedInt(buffer.getShort(28)),
                Short.toUnsignedInt(buffer.getShort(30)),
                buffer.getInt(32),
                buffer.getInt(36),
                buffer.getInt(40));
    }

    /** Writes a header for the guest. */
    static void toGuest(
            byte[] bytes, long guestCid, int hostPort, int guestPort, int length, int operation, int flags, int bufferSize, int forwarded) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(HOST_CID).putLong(guestCid).putInt(hostPort).putInt(guestPort).putInt(length);
        buffer.putShort((short) STREAM).putShort((short) operation).putInt(flags).putInt(bufferSize).putInt(forwarded);
    }
}
