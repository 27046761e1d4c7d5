package dev.quoll.boot.compress;

import java.io.IOException;

/** A Zstandard literals Huffman table: indexed by the next {@code maxBits} bits (RFC 8878, 4.2.1). */
record HuffmanTable(int maxBits, byte[] symbol, byte[] bitCount) {
    private static final int MAX_BITS = 11;
    private static final int MAX_WEIGHTS_LOG = 6;

    static HuffmanTable read(ByteSource in) throws IOException {
        int header = in.u8();
        byte[] weights = new byte[256];
        int count;
        if (header >= 128) {
            count = header - 127;
            for (int i = 0; i < count; i += 2) {
                int pair = in.u8();
                weights[i] = (byte) (pair >>> 4);
                weights[i + 1] = (byte) (pair & 15);
            }
        } else {
            count = compressedWeights(in.slice(header), weights);
        }
        return build(weights, count);
    }

    /** Two interleaved FSE states share one table; when the stream runs dry, the other state yields one last symbol. */
    private static int compressedWeights(ByteSource in, byte[] weights) throws IOException {
        FseTable table = FseTable.read(in, MAX_WEIGHTS_LOG, 12);
        BackwardBits bits = new BackwardBits(in);
        int current = bits.read(table.accuracyLog());
        int other = bits.read(table.accuracyLog());
        if (bits.remaining() < 0) {
            throw new IOException("the Zstandard Huffman weights are cut short");
        }
        int count = 0;
        while (true) {
            if (count >= 254) {
                throw new IOException("there are too many Zstandard Huffman weights");
            }
            weights[count++] = table.symbol()[current];
            int needed = table.bitCount()[current];
            if (needed > bits.remaining()) {
                weights[count++] = table.symbol()[other];
                return count;
            }
            int next = table.baseline()[current] + bits.read(needed);
            current = other;
            other = next;
        }
    }

    /** The last symbol's weight is not stored: it is what completes the sum to a power of two. */
    private static HuffmanTable build(byte[] weights, int stored) throws IOException {
        int sum = 0;
        for (int i = 0; i < stored; i++) {
            if (weights[i] > MAX_BITS) {
                throw new IOException("a Zstandard Huffman weight is too large");
            }
            sum += weights[i] == 0 ? 0 : 1 << weights[i] - 1;
        }
        int maxBits = 32 - Integer.numberOfLeadingZeros(sum);
        int rest = (1 << maxBits) - sum;
        if (sum == 0 || maxBits > MAX_BITS || Integer.bitCount(rest) != 1) {
            throw new IOException("the Zstandard Huffman weights do not add up");
        }
        weights[stored] = (byte) (Integer.numberOfTrailingZeros(rest) + 1);
        byte[] symbol = new byte[1 << maxBits];
        byte[] bitCount = new byte[1 << maxBits];
        int at = 0;
        for (int weight = 1; weight <= maxBits; weight++) {
            for (int s = 0; s <= stored; s++) {
                if (weights[s] == weight) {
                    for (int end = at + (1 << weight - 1); at < end; at++) {
                        symbol[at] = (byte) s;
                        bitCount[at] = (byte) (maxBits + 1 - weight);
                    }
                }
            }
        }
        return new HuffmanTable(maxBits, symbol, bitCount);
    }

    /** Decodes one stream into exactly {@code count} bytes, which must use up all its bits. */
    void decode(ByteSource stream, byte[] target, int from, int count) throws IOException {
        BackwardBits bits = new BackwardBits(stream);
        for (int i = from; i < from + count; i++) {
            int index = bits.peek(maxBits);
            target[i] = symbol[index];
            bits.skip(bitCount[index]);
        }
        if (bits.remaining() != 0) {
            throw new IOException("a Zstandard literals stream holds another number of literals than it says");
        }
    }
}
