package dev.quoll.boot.compress;

import java.io.IOException;
import java.util.Arrays;

/**
 * Zstandard, which Linux uses for {@code CONFIG_KERNEL_ZSTD} and Ubuntu for its packages. Frames may be concatenated;
 * content checksums are verified; dictionaries are not used by either and are refused. Written here because the libraries
 * for it are native code or rest on {@code sun.misc.Unsafe}. Source: RFC 8878; section numbers below are its.
 */
final class Zstd {
    static final int MAGIC = 0xFD2FB528;

    private static final int SKIPPABLE_MAGIC = 0x184D2A50;
    private static final int MAX_BLOCK = 128 << 10;

    private final ByteSource in;
    private final OutputWindow out;
    private final byte[] literals = new byte[MAX_BLOCK];
    private HuffmanTable huffman;
    private ZstdSequences sequences;

    private Zstd(ByteSource in, OutputWindow out) {
        this.in = in;
        this.out = out;
    }

    static byte[] decode(ByteSource in, int limit) throws IOException {
        OutputWindow out = new OutputWindow(limit);
        Zstd decoder = new Zstd(in, out);
        do {
            int magic = in.u32();
            if (magic == MAGIC) {
                decoder.frame();
            } else if ((magic & ~15) == SKIPPABLE_MAGIC) {
                in.skip(in.u32());
            } else {
                throw new IOException("a Zstandard frame does not begin with its magic");
            }
        } while (in.remaining() > 0);
        return out.toByteArray();
    }

    /** Decodes the frame at the start, and no more; image formats pad it to whole sectors. */
    static byte[] decodeFrame(ByteSource in, int limit) throws IOException {
        if (in.u32() != MAGIC) {
            throw new IOException("a Zstandard frame does not begin with its magic");
        }
        OutputWindow out = new OutputWindow(limit);
        new Zstd(in, out).frame();
        return out.toByteArray();
    }

    /** 3.1.1 */
    private void frame() throws IOException {
        int descriptor = in.u8();
        boolean singleSegment = (descriptor & 0x20) != 0;
        boolean checksum = (descriptor & 4) != 0;
        if ((descriptor & 8) != 0) {
            throw new IOException("a Zstandard frame uses a reserved bit");
        }
        if (!singleSegment) {
            in.skip(1); // window size: the window here is all that was produced
        }
        int dictionary = switch (descriptor & 3) {
            case 0 -> 0;
            case 1 -> in.u8();
            case 2 -> in.u16();
            default -> in.u32();
        };
        if (dictionary != 0) {
            throw new IOException("the Zstandard frame needs a dictionary");
        }
        long contentSize = switch (descriptor >>> 6) {
            case 0 -> singleSegment ? in.u8() : -1;
            case 1 -> in.u16() + 256;
            case 2 -> in.u32() & 0xffffffffL;
            default -> in.u64();
        };
        int start = out.size();
        huffman = null;
        sequences = new ZstdSequences(start);
        boolean last;
        do {
            int header = in.u24();
            last = (header & 1) != 0;
            block(header >>> 1 & 3, header >>> 3);
        } while (!last);
        if (contentSize != -1 && contentSize != out.size() - start) {
            throw new IOException("a Zstandard frame unpacks to another size than it says");
        }
        if (checksum && in.u32() != (int) XxHash64.of(out.bytes(), start, out.size())) {
            throw new IOException("a Zstandard frame has a wrong checksum");
        }
    }

    /** 3.1.1.2 */
    private void block(int type, int size) throws IOException {
        if (size > MAX_BLOCK) {
            throw new IOException("a Zstandard block is larger than 128 KiB");
        }
        switch (type) {
            case 0 -> in.copyTo(out, size);
            case 1 -> out.repeat((byte) in.u8(), size);
            case 2 -> {
                ByteSource block = in.slice(size);
                int count = literals(block);
                int before = out.size();
                sequences.decode(block, literals, count, out);
                if (out.size() - before > MAX_BLOCK) {
                    throw new IOException("a Zstandard block unpacks to more than 128 KiB");
                }
            }
            default -> throw new IOException("a Zstandard block is of the reserved type");
        }
    }

    /** 3.1.1.3.1: fills {@link #literals} and returns how many there are. */
    private int literals(ByteSource block) throws IOException {
        int first = block.u8();
        int type = first & 3;
        int format = first >>> 2 & 3;
        if (type < 2) {
            int count = switch (format) {
                case 0, 2 -> first >>> 3;
                case 1 -> first >>> 4 | block.u8() << 4;
                default -> first >>> 4 | block.u16() << 4;
            };
            checkLiterals(count);
            if (type == 0) {
                int from = block.position();
                block.skip(count);
                System.arraycopy(block.array(), from, literals, 0, count);
            } else {
                Arrays.fill(literals, 0, count, (byte) block.u8());
            }
            return count;
        }
        int fieldBits = switch (format) {
            case 0, 1 -> 10;
            case 2 -> 14;
            default -> 18;
        };
        // The header is 4 + 2 * fieldBits bits, which is a whole number of bytes for each of the three.
        long header = first;
        for (int i = 1; i < (4 + 2 * fieldBits) / 8; i++) {
            header |= (long) block.u8() << 8 * i;
        }
        int count = (int) (header >>> 4) & (1 << fieldBits) - 1;
        int packed = (int) (header >>> 4 + fieldBits) & (1 << fieldBits) - 1;
        checkLiterals(count);
        ByteSource streams = block.slice(packed);
        if (type == 2) {
            huffman = HuffmanTable.read(streams);
        } else if (huffman == null) {
            throw new IOException("a Zstandard block reuses a Huffman table where there was none");
        }
        if (format == 0) {
            huffman.decode(streams, literals, 0, count);
        } else {
            fourStreams(streams, count);
        }
        return count;
    }

    private void fourStreams(ByteSource streams, int count) throws IOException {
        int[] sizes = {streams.u16(), streams.u16(), streams.u16(), 0};
        sizes[3] = streams.remaining() - sizes[0] - sizes[1] - sizes[2];
        int each = (count + 3) / 4;
        int from = 0;
        for (int i = 0; i < 4; i++) {
            int here = i < 3 ? each : count - from;
            if (here < 0) {
                throw new IOException("a Zstandard block has too few literals for four streams");
            }
            huffman.decode(streams.slice(sizes[i]), literals, from, here);
            from += here;
        }
    }

    private static void checkLiterals(int count) throws IOException {
        if (count > MAX_BLOCK) {
            throw new IOException("a Zstandard block has more than 128 KiB of literals");
        }
    }
}
