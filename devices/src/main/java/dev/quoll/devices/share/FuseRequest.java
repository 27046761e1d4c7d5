package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.devices.virtio.DescriptorChain;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * One request: a copy of what the driver gave, taken once, so that nothing changes between check and use. Reading past its end throws
 * {@link java.nio.BufferUnderflowException}. One object serves all requests.
 */
final class FuseRequest {
    /** Length of struct fuse_in_header. */
    static final int HEADER = 40;

    /** Most bytes in one READ or WRITE. */
    static final int MAX_DATA = 1 << 20;

    /** Longest file name in bytes (NAME_MAX). */
    static final int MAX_NAME = 255;

    /** Longest target of a symbolic link in bytes (PATH_MAX). */
    static final int MAX_TARGET = 4095;

    private final byte[] bytes = new byte[MAX_DATA + 2 * 4096];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

    /** Takes a request from a chain. @return false when its length is not that of any request */
    boolean takeFrom(DescriptorChain chain) {
        long length = chain.readableLength();
        if (length < HEADER || length > bytes.length) {
            return false;
        }
        int taken = chain.read(bytes, 0, (int) length);
        buffer.clear().limit(taken);
        boolean whole = buffer.getInt(0) == taken;
        buffer.position(HEADER);
        return whole;
    }

    int opcode() {
        return buffer.getInt(4);
    }

    long unique() {
        return buffer.getLong(8);
    }

    long node() {
        return buffer.getLong(16);
    }

    int u32() {
        return buffer.getInt();
    }

    long u64() {
        return buffer.getLong();
    }

    void skip(int count) {
        if (count > buffer.remaining()) {
            throw new BufferUnderflowException();
        }
        buffer.position(buffer.position() + count);
    }

    int remaining() {
        return buffer.remaining();
    }

    /** The bytes that follow, as they lie in this object. */
    ByteBuffer data(int count) {
        ByteBuffer data = buffer.slice(buffer.position(), Math.min(count, buffer.remaining()));
        skip(count);
        return data;
    }

    /** A name that ends with NUL: one component of a path, and none of those that lead elsewhere. */
    String name() throws FuseException {
        String name = text(MAX_NAME);
        if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('/') >= 0) {
            throw new FuseException(Errno.EINVAL);
        }
        return name;
    }

    /** Any text that ends with NUL. @param longest in bytes */
    String text(int longest) throws FuseException {
        int start = buffer.position();
        int end = start;
        while (end < buffer.limit() && bytes[end] != 0) {
            end++;
        }
        if (end == buffer.limit()) {
            throw new FuseException(Errno.EINVAL);
        }
        if (end - start > longest) {
            throw new FuseException(Errno.ENAMETOOLONG);
        }
        buffer.position(end + 1);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, start, end - start)).toString();
        } catch (CharacterCodingException e) {
            throw new FuseException(Errno.EILSEQ);
        }
    }
}
