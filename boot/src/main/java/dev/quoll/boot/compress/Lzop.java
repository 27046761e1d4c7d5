package dev.quoll.boot.compress;

import java.io.IOException;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/**
 * The lzop file format around LZO1X blocks, which Linux uses for {@code CONFIG_KERNEL_LZO}. Block checksums over the
 * unpacked bytes are verified. Source: the lzop header as Linux's {@code lib/decompress_unlzo.c} reads it, and
 * "LZO stream format as understood by Linux's LZO decompressor" (Documentation/staging/lzo.rst), bitstream version 0.
 */
final class Lzop {
    static final long MAGIC_FIRST_8_LE = 0x1a0a0d004f5a4c89L;

    private static final int ADLER32_UNPACKED = 0x1;
    private static final int ADLER32_PACKED = 0x2;
    private static final int CRC32_UNPACKED = 0x100;
    private static final int CRC32_PACKED = 0x200;
    private static final int HAS_FILTER = 0x800;
    /** The first version whose header has a level, a needed version and the upper half of the time. */
    private static final int LONG_HEADER = 0x940;

    private Lzop() {}

    static byte[] decode(ByteSource in, int limit) throws IOException {
        int flags = header(in);
        OutputWindow out = new OutputWindow(limit);
        while (true) {
            int unpacked = in.bigEndian32();
            if (unpacked == 0) {
                return out.toByteArray();
            }
            int packed = in.bigEndian32();
            if (unpacked < 0 || packed <= 0 || packed > unpacked) {
                throw new IOException("an lzop block has impossible sizes");
            }
            Integer adler = (flags & ADLER32_UNPACKED) != 0 ? in.bigEndian32() : null;
            Integer crc = (flags & CRC32_UNPACKED) != 0 ? in.bigEndian32() : null;
            if (packed < unpacked) {
                in.skip(((flags & ADLER32_PACKED) != 0 ? 4 : 0) + ((flags & CRC32_PACKED) != 0 ? 4 : 0));
            }
            int start = out.size();
            if (packed == unpacked) {
                in.copyTo(out, packed);
            } else {
                lzo1x(in.slice(packed), out);
            }
            if (out.size() - start != unpacked) {
                throw new IOException("an lzop block unpacks to another size than it says");
            }
            verify(adler, new Adler32(), out, start);
            verify(crc, new CRC32(), out, start);
        }
    }

    private static int header(ByteSource in) throws IOException {
        in.skip(9);
        int version = in.bigEndian16();
        in.skip(2);
        boolean longHeader = version >= LONG_HEADER;
        in.skip(longHeader ? 4 : 1); // needed version, method, level
        int flags = in.bigEndian32();
        in.skip((flags & HAS_FILTER) != 0 ? 4 : 0);
        in.skip(longHeader ? 12 : 8); // mode and time
        in.skip(in.u8()); // file name
        in.skip(4); // header checksum
        return flags;
    }

    private static void verify(Integer expected, Checksum checksum, OutputWindow out, int start) throws IOException {
        if (expected != null) {
            checksum.update(out.bytes(), start, out.size() - start);
            if ((int) checksum.getValue() != expected) {
                throw new IOException("an lzop block has a wrong checksum");
            }
        }
    }

    /**
     * {@code state} is the number of literals that the previous instruction copied, 4 standing for four or more: it
     * decides what an instruction below 16 means.
     */
    private static void lzo1x(ByteSource in, OutputWindow out) throws IOException {
        int start = out.size();
        int state = 0;
        int op = in.u8();
        if (op > 17) {
            in.copyTo(out, op - 17);
            state = Math.min(op - 17, 4);
            op = in.u8();
        }
        while (true) {
            int distance;
            int length;
            int trailing;
            if (op >= 64) {
                length = op >= 128 ? 5 + (op >>> 5 & 3) : 3 + (op >>> 5 & 1);
                distance = (in.u8() << 3) + (op >>> 2 & 7) + 1;
                trailing = op & 3;
            } else if (op >= 32) {
                length = 2 + longLength(in, op & 31, 31);
                int low = in.u16();
                distance = (low >>> 2) + 1;
                trailing = low & 3;
            } else if (op >= 16) {
                length = 2 + longLength(in, op & 7, 7);
                int low = in.u16();
                distance = 16384 + ((op & 8) << 11) + (low >>> 2);
                trailing = low & 3;
                if (distance == 16384) {
                    return;
                }
            } else if (state == 0) {
                in.copyTo(out, 3 + longLength(in, op, 15));
                state = 4;
                op = in.u8();
                continue;
            } else {
                length = state == 4 ? 3 : 2;
                distance = (in.u8() << 2) + (op >>> 2) + (state == 4 ? 2049 : 1);
                trailing = op & 3;
            }
            if (distance > out.size() - start) {
                throw new IOException("an LZO match reaches before its block");
            }
            out.match(distance, length);
            in.copyTo(out, trailing);
            state = trailing;
            op = in.u8();
        }
    }

    /** A length whose field is zero continues in the following bytes: 255 for each zero byte, then the first other byte. */
    private static int longLength(ByteSource in, int field, int base) throws IOException {
        if (field != 0) {
            return field;
        }
        int length = base;
        int more = in.u8();
        while (more == 0) {
            length = Math.addExact(length, 255);
            more = in.u8();
        }
        return Math.addExact(length, more);
    }
}
