package dev.quoll.boot.compress;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;

/**
 * bzip2, which Linux uses for {@code CONFIG_KERNEL_BZIP2}: Burrows-Wheeler transform, move-to-front, two run-length
 * codings and Huffman. Block and stream checksums are verified. The common library for it would draw the desktop module
 * into the run-time image. Source: J. Tsai, "BZIP2: Format Specification" (2016); section numbers below are its.
 */
final class Bzip2 {
    private static final long BLOCK_MAGIC = 0x314159265359L;
    private static final long END_MAGIC = 0x177245385090L;
    private static final int GROUP_SIZE = 50;
    private static final int MAX_CODE_LENGTH = 20;
    private static final int[] CRC_TABLE = crcTable();

    private final ByteSource in;
    private final OutputWindow out;
    private long bitBuffer;
    private int bitCount;

    private Bzip2(ByteSource in, OutputWindow out) {
        this.in = in;
        this.out = out;
    }

    static byte[] decode(ByteSource in, int limit) throws IOException {
        OutputWindow out = new OutputWindow(limit);
        do {
            new Bzip2(in, out).stream();
        } while (in.remaining() > 0); // streams may be concatenated
        return out.toByteArray();
    }

    /** 2.2.1: the level says how many times 100,000 bytes a block holds at most. */
    private void stream() throws IOException {
        int magic = bits(24);
        int level = bits(8) - '0';
        if (magic != 0x425a68 || level < 1 || level > 9) {
            throw new IOException("it does not begin as a bzip2 stream");
        }
        int[] transformed = new int[level * 100_000];
        int streamCrc = 0;
        while (true) {
            long blockMagic = (long) bits(24) << 24 | bits(24);
            int expected = bits(16) << 16 | bits(16);
            if (blockMagic == END_MAGIC) {
                if (expected != streamCrc) {
                    throw new IOException("the bzip2 stream has a wrong checksum");
                }
                return;
            }
            if (blockMagic != BLOCK_MAGIC) {
                throw new IOException("a bzip2 block has no block magic");
            }
            if (block(transformed) != expected) {
                throw new IOException("a bzip2 block has a wrong checksum");
            }
            streamCrc = Integer.rotateLeft(streamCrc, 1) ^ expected;
        }
    }

    private int block(int[] transformed) throws IOException {
        if (bits(1) != 0) {
            throw new IOException("a bzip2 block is of the randomised kind, which bzip2 stopped writing in 1999");
        }
        int origin = bits(24);
        byte[] symbols = usedSymbols();
        int length = huffman(symbols, transformed);
        if (origin >= length) {
            throw new IOException("a bzip2 block begins outside itself");
        }
        return inverseTransform(transformed, length, origin);
    }

    /** 2.2.2: a two-level bitmap of the byte values that the block uses. */
    private byte[] usedSymbols() throws IOException {
        int ranges = bits(16);
        byte[] symbols = new byte[256];
        int count = 0;
        for (int range = 0; range < 16; range++) {
            int used = (ranges & 0x8000 >>> range) != 0 ? bits(16) : 0;
            for (int low = 0; low < 16; low++) {
                if ((used & 0x8000 >>> low) != 0) {
                    symbols[count++] = (byte) (range << 4 | low);
                }
            }
        }
        if (count == 0) {
            throw new IOException("a bzip2 block uses no symbol at all");
        }
        return Arrays.copyOf(symbols, count);
    }

    /** 2.2.3 to 2.2.5: Huffman tables, then the symbols through run lengths of zero and move-to-front. */
    private int huffman(byte[] moveToFront, int[] target) throws IOException {
        int alphabet = moveToFront.length + 2;
        int endOfBlock = alphabet - 1;
        int tableCount = bits(3);
        int selectorCount = bits(15);
        if (tableCount < 2 || tableCount > 6 || selectorCount == 0) {
            throw new IOException("a bzip2 block has an impossible number of Huffman tables");
        }
        byte[] selectors = selectors(tableCount, selectorCount);
        CodeTable[] tables = new CodeTable[tableCount];
        for (int i = 0; i < tableCount; i++) {
            tables[i] = codeTable(alphabet);
        }
        int length = 0;
        long run = 0;
        long runWeight = 1;
        for (int group = 0; group < selectorCount; group++) {
            CodeTable table = tables[selectors[group]];
            for (int i = 0; i < GROUP_SIZE; i++) {
                int symbol = symbol(table);
                if (symbol <= 1) {
                    run += runWeight << symbol;
                    runWeight <<= 1;
                    if (run > target.length) {
                        throw new IOException("a bzip2 block is longer than its stream allows");
                    }
                    continue;
                }
                if (run > target.length - length || symbol != endOfBlock && run == target.length - length) {
                    throw new IOException("a bzip2 block is longer than its stream allows");
                }
                Arrays.fill(target, length, length + (int) run, moveToFront[0] & 0xff);
                length += (int) run;
                run = 0;
                runWeight = 1;
                if (symbol == endOfBlock) {
                    return length;
                }
                byte value = moveToFront[symbol - 1];
                System.arraycopy(moveToFront, 0, moveToFront, 1, symbol - 1);
                moveToFront[0] = value;
                target[length++] = value & 0xff;
            }
        }
        throw new IOException("a bzip2 block has no end");
    }

    private byte[] selectors(int tableCount, int selectorCount) throws IOException {
        byte[] order = {0, 1, 2, 3, 4, 5};
        byte[] selectors = new byte[selectorCount];
        for (int i = 0; i < selectorCount; i++) {
            int index = 0;
            while (bits(1) != 0) {
                if (++index >= tableCount) {
                    throw new IOException("a bzip2 block selects a Huffman table that it does not have");
                }
            }
            byte table = order[index];
            System.arraycopy(order, 0, order, 1, index);
            order[0] = table;
            selectors[i] = table;
        }
        return selectors;
    }

    /** Canonical Huffman: for each code length the first code, how many there are, and where their symbols begin. */
    private record CodeTable(int[] firstCode, int[] count, int[] firstIndex, short[] symbols) {}

    private CodeTable codeTable(int alphabet) throws IOException {
        int[] lengths = new int[alphabet];
        int length = bits(5);
        for (int i = 0; i < alphabet; i++) {
            while (true) {
                if (length < 1 || length > MAX_CODE_LENGTH) {
                    throw new IOException("a bzip2 block has an impossible Huffman code length");
                }
                if (bits(1) == 0) {
                    break;
                }
                length += bits(1) == 0 ? 1 : -1;
            }
            lengths[i] = length;
        }
        int[] count = new int[MAX_CODE_LENGTH + 1];
        for (int l : lengths) {
            count[l]++;
        }
        int[] firstCode = new int[MAX_CODE_LENGTH + 1];
        int[] firstIndex = new int[MAX_CODE_LENGTH + 1];
        int code = 0;
        int index = 0;
        for (int l = 1; l <= MAX_CODE_LENGTH; l++) {
            code <<= 1;
            firstCode[l] = code;
            firstIndex[l] = index;
            code += count[l];
            index += count[l];
        }
        short[] symbols = new short[alphabet];
        int[] next = firstIndex.clone();
        for (int i = 0; i < alphabet; i++) {
            symbols[next[lengths[i]]++] = (short) i;
        }
        return new CodeTable(firstCode, count, firstIndex, symbols);
    }

    private int symbol(CodeTable table) throws IOException {
        int code = 0;
        for (int length = 1; length <= MAX_CODE_LENGTH; length++) {
            code = code << 1 | bits(1);
            int offset = code - table.firstCode[length];
            if (offset >= 0 && offset < table.count[length]) {
                return table.symbols[table.firstIndex[length] + offset];
            }
        }
        throw new IOException("a bzip2 block has a Huffman code that stands for nothing");
    }

    /**
     * Undoes the Burrows-Wheeler transform and the first run-length coding (four equal bytes are followed by how many
     * more there are), and returns the block's checksum. The upper 24 bits of each word take the successor's index.
     */
    private int inverseTransform(int[] words, int length, int origin) throws IOException {
        int[] start = new int[256];
        for (int i = 0; i < length; i++) {
            start[words[i]]++;
        }
        int sum = 0;
        for (int value = 0; value < 256; value++) {
            int here = start[value];
            start[value] = sum;
            sum += here;
        }
        for (int i = 0; i < length; i++) {
            int value = words[i] & 0xff;
            words[start[value]++] |= i << 8;
        }
        int crc = -1;
        int previous = -1;
        int equal = 0;
        int at = words[origin] >>> 8;
        for (int i = 0; i < length; i++) {
            int value = words[at] & 0xff;
            at = words[at] >>> 8;
            int copies = 1;
            if (equal == 4) {
                copies = value;
                equal = 0;
            } else {
                equal = value == previous ? equal + 1 : 1;
                previous = value;
            }
            out.repeat((byte) previous, copies);
            for (int copy = 0; copy < copies; copy++) {
                crc = crc << 8 ^ CRC_TABLE[crc >>> 24 ^ previous];
            }
            if (equal == 0) {
                previous = -1;
            }
        }
        return ~crc;
    }

    private int bits(int count) throws IOException {
        while (bitCount < count) {
            if (in.remaining() == 0) {
                throw new EOFException("the bzip2 stream ends too early");
            }
            bitBuffer = bitBuffer << 8 | in.u8();
            bitCount += 8;
        }
        bitCount -= count;
        return (int) (bitBuffer >>> bitCount) & (1 << count) - 1;
    }

    /** CRC-32 with bits taken from the top, unlike {@link java.util.zip.CRC32}. */
    private static int[] crcTable() {
        int[] table = new int[256];
        for (int i = 0; i < 256; i++) {
            int crc = i << 24;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc << 1 ^ (crc < 0 ? 0x04c11db7 : 0);
            }
            table[i] = crc;
        }
        return table;
    }
}
