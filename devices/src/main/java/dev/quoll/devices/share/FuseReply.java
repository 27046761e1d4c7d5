package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.devices.virtio.DescriptorChain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The answer to one request, built here and copied out at the end. Writing more than the driver has room for throws
 * {@link java.nio.BufferOverflowException}. One object serves all requests.
 */
final class FuseReply {
    /** Length of struct fuse_out_header. */
    static final int HEADER = 16;

    private final byte[] bytes = new byte[HEADER + FuseRequest.MAX_DATA];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

    /** Empties it. @param room bytes that the driver has for it, header included; none for requests without an answer */
    void begin(long room) {
        buffer.clear().limit((int) Math.clamp(room, HEADER, bytes.length)).position(HEADER);
    }

    /** Bytes that still fit. */
    int room() {
        return buffer.remaining();
    }

    FuseReply u16(int value) {
        buffer.putShort((short) value);
        return this;
    }

    FuseReply u32(int value) {
        buffer.putInt(value);
        return this;
    }

    FuseReply u64(long value) {
        buffer.putLong(value);
        return this;
    }

    FuseReply zeroes(int count) {
        for (int i = 0; i < count; i++) {
            buffer.put((byte) 0);
        }
        return this;
    }

    FuseReply bytes(byte[] content) {
        buffer.put(content);
        return this;
    }

    /** Where the next bytes go, for I/O straight into it. @param count at most {@link #room} */
    ByteBuffer area(int count) {
        return buffer.slice(buffer.position(), count);
    }

    /** Takes bytes written to {@link #area} in. */
    void advance(int count) {
        buffer.position(buffer.position() + count);
    }

    /** Ends it and copies it to the driver. */
    void send(DescriptorChain chain, long unique) {
        send(chain, unique, 0, buffer.position());
    }

    /** Answers with an error instead. */
    void sendError(DescriptorChain chain, long unique, Errno errno) {
        send(chain, unique, -errno.number(), HEADER);
    }

    private void send(DescriptorChain chain, long unique, int error, int length) {
        buffer.clear();
        buffer.putInt(0, length).putInt(4, error).putLong(8, unique);
        chain.write(bytes, 0, length);
    }
}
