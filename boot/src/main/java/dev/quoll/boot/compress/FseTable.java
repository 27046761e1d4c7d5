package dev.quoll.boot.compress;

import java.io.IOException;

/**
 * A Finite State Entropy decoding table (RFC 8878, 4.1.1). A cell holds the symbol, how many bits lead to the next state
 * and the state they are added to.
 */
record FseTable(int accuracyLog, byte[] symbol, byte[] bitCount, short[] baseline) {
    /** A table with one state that always yields the same symbol, for the RLE mode. */
    static FseTable constant(int symbol) {
        return new FseTable(0, new byte[] {(byte) symbol}, new byte[1], new short[1]);
    }

    /** Reads a table description at the source's position and takes exactly its bytes. */
    static FseTable read(ByteSource in, int maxAccuracyLog, int maxSymbol) throws IOException {
        ForwardBits bits = new ForwardBits(in);
        int accuracyLog = bits.read(4) + 5;
        if (accuracyLog > maxAccuracyLog) {
            throw new IOException("a Zstandard FSE table is larger than its kind may be");
        }
        short[] probabilities = new short[maxSymbol + 1];
        int remaining = 1 << accuracyLog;
        int symbol = 0;
        while (remaining > 0) {
            if (symbol > maxSymbol) {
                throw new IOException("a Zstandard FSE table has too many symbols");
            }
            int probability = probability(bits, remaining);
            remaining -= Math.abs(probability);
            probabilities[symbol++] = (short) probability;
            if (probability == 0) {
                int zeros;
                do {
                    zeros = bits.read(2);
                    symbol += zeros;
                } while (zeros == 3 && symbol <= maxSymbol);
            }
        }
        bits.finish();
        return build(probabilities, accuracyLog);
    }

    /**
     * A probability takes just enough bits for the {@code remaining + 1} values left, and one bit fewer for the low ones
     * when that range is not a power of two. Minus one means "less than one".
     */
    private static int probability(ForwardBits bits, int remaining) throws IOException {
        int width = 32 - Integer.numberOfLeadingZeros(remaining + 1);
        int shortCodes = (1 << width) - 1 - (remaining + 1);
        int low = bits.read(width - 1);
        if (low < shortCodes) {
            return low - 1;
        }
        int value = low | bits.read(1) << width - 1;
        return (value >= 1 << width - 1 ? value - shortCodes : value) - 1;
    }

    static FseTable build(short[] probabilities, int accuracyLog) throws IOException {
        int size = 1 << accuracyLog;
        byte[] symbols = new byte[size];
        int[] next = new int[probabilities.length];
        int high = size;
        for (int s = 0; s < probabilities.length; s++) {
            if (probabilities[s] == -1) {
                symbols[--high] = (byte) s;
                next[s] = 1;
            } else {
                next[s] = probabilities[s];
            }
        }
        int step = (size >> 1) + (size >> 3) + 3;
        int position = 0;
        for (int s = 0; s < probabilities.length; s++) {
            for (int i = 0; i < probabilities[s]; i++) {
                symbols[position] = (byte) s;
                do {
                    position = position + step & size - 1;
                } while (position >= high);
            }
        }
        if (position != 0) {
            throw new IOException("a Zstandard FSE table does not add up");
        }
        byte[] bitCount = new byte[size];
        short[] baseline = new short[size];
        for (int state = 0; state < size; state++) {
            int x = next[symbols[state]]++;
            int bits = accuracyLog - (31 - Integer.numberOfLeadingZeros(x));
            bitCount[state] = (byte) bits;
            baseline[state] = (short) ((x << bits) - size);
        }
        return new FseTable(accuracyLog, symbols, bitCount, baseline);
    }

    /** Little-endian bits from the front; the description ends at the next whole byte. */
    private static final class ForwardBits {
        private final ByteSource in;
        private int buffer;
        private int count;

        ForwardBits(ByteSource in) {
            this.in = in;
        }

        int read(int width) throws IOException {
            while (count < width) {
                buffer |= in.u8() << count;
                count += 8;
            }
            int value = buffer & (1 << width) - 1;
            buffer >>>= width;
            count -= width;
            return value;
        }

        void finish() {
            count = 0;
        }
    }
}
