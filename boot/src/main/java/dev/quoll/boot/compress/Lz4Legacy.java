package dev.quoll.boot.compress;

import java.io.IOException;

/**
 * The legacy LZ4 frame, which {@code lz4 -l} writes and Linux uses for {@code CONFIG_KERNEL_LZ4}: the magic 0x184C2102,
 * then blocks that each begin with their packed size. Blocks are independent and hold at most 8 MiB. There is no checksum.
 * Source: "LZ4 Frame Format Description", section "Legacy frame", and "LZ4 Block Format Description".
 */
final class Lz4Legacy {
    static final int MAGIC = 0x184C2102;

    private static final int MIN_MATCH = 4;

    private Lz4Legacy() {}

    static byte[] decode(ByteSource in, int limit) throws IOException {
        OutputWindow out = new OutputWindow(limit);
        if (in.u32() != MAGIC) {
            throw new IOException("it does not begin with the legacy LZ4 magic");
        }
        while (in.remaining() > 0) {
            int packed = in.u32();
            if (packed == MAGIC) {
                continue; // frames may be concatenated
            }
            if (packed <= 0) {
                throw new IOException("an LZ4 block says that it is " + Integer.toUnsignedString(packed) + " bytes long");
            }
            block(in.slice(packed), out);
        }
        return out.toByteArray();
    }

    private static void block(ByteSource in, OutputWindow out) throws IOException {
        int blockStart = out.size();
        while (in.remaining() > 0) {
            int token = in.u8();
            int literals = length(in, token >>> 4);
            in.copyTo(out, literals);
            if (in.remaining() == 0) {
                return; // the last sequence of a block is literals only
            }
            int distance = in.u16();
            if (distance > out.size() - blockStart) {
                throw new IOException("an LZ4 match reaches before its block");
            }
            out.match(distance, length(in, token & 15) + MIN_MATCH);
        }
    }

    private static int length(ByteSource in, int nibble) throws IOException {
        int length = nibble;
        if (nibble == 15) {
            int more;
            do {
                more = in.u8();
                length = Math.addExact(length, more);
            } while (more == 255);
        }
        return length;
    }
}
