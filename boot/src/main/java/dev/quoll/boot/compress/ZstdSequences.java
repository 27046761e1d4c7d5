package dev.quoll.boot.compress;

import java.io.IOException;

/**
 * Zstandard's sequences section: literal runs and matches, with the tables and the three recent offsets that one frame's
 * blocks hand on to each other (RFC 8878, 3.1.1.3.2 and 3.1.1.5).
 */
final class ZstdSequences {
    // Tables 16 and 17: from these codes on, a length is a baseline plus extra bits.
    private static final int[] LITERALS_BASE = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024,
        2048, 4096, 8192, 16384, 32768, 65536
    };
    private static final int[] LITERALS_BITS = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    };
    private static final int[] MATCH_BASE = {
        3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
        34, 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539
    };
    private static final int[] MATCH_BITS = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3,
        3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    };
    private static final int MAX_OFFSET_CODE = 31;

    private enum Kind {
        LITERALS(9, LITERALS_BASE.length - 1, 6,
            4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1),
        OFFSET(8, MAX_OFFSET_CODE, 5,
            1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1),
        MATCH(9, MATCH_BASE.length - 1, 6,
            1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1);

        private final int maxAccuracyLog;
        private final int maxSymbol;
        private final int defaultLog;
        private final short[] defaults;

        Kind(int maxAccuracyLog, int maxSymbol, int defaultLog, int... defaults) {
            this.maxAccuracyLog = maxAccuracyLog;
            this.maxSymbol = maxSymbol;
            this.defaultLog = defaultLog;
            this.defaults = new short[defaults.length];
            for (int i = 0; i < defaults.length; i++) {
                this.defaults[i] = (short) defaults[i];
            }
        }

        FseTable table(int mode, ByteSource in, FseTable previous) throws IOException {
            return switch (mode) {
                case 0 -> FseTable.build(defaults, defaultLog);
                case 1 -> {
                    int symbol = in.u8();
                    if (symbol > maxSymbol) {
                        throw new IOException("a Zstandard block repeats a code that does not exist");
                    }
                    yield FseTable.constant(symbol);
                }
                case 2 -> FseTable.read(in, maxAccuracyLog, maxSymbol);
                default -> {
                    if (previous == null) {
                        throw new IOException("a Zstandard block reuses an FSE table where there was none");
                    }
                    yield previous;
                }
            };
        }
    }

    private final int frameStart;
    private FseTable literalsTable;
    private FseTable offsetTable;
    private FseTable matchTable;
    private int recent1 = 1;
    private int recent2 = 4;
    private int recent3 = 8;

    /** @param frameStart where the frame's content begins in the output: no match may reach before it */
    ZstdSequences(int frameStart) {
        this.frameStart = frameStart;
    }

    void decode(ByteSource in, byte[] literals, int literalCount, OutputWindow out) throws IOException {
        int count = in.u8();
        if (count == 255) {
            count = in.u16() + 0x7f00;
        } else if (count >= 128) {
            count = (count - 128 << 8) + in.u8();
        }
        int used = 0;
        if (count > 0) {
            int modes = in.u8();
            if ((modes & 3) != 0) {
                throw new IOException("a Zstandard block uses reserved bits");
            }
            literalsTable = Kind.LITERALS.table(modes >>> 6, in, literalsTable);
            offsetTable = Kind.OFFSET.table(modes >>> 4 & 3, in, offsetTable);
            matchTable = Kind.MATCH.table(modes >>> 2 & 3, in, matchTable);
            used = execute(new BackwardBits(in), count, literals, literalCount, out);
        } else if (in.remaining() != 0) {
            throw new IOException("a Zstandard block goes on after its end");
        }
        out.literals(literals, used, literalCount - used);
    }

    private int execute(BackwardBits bits, int count, byte[] literals, int literalCount, OutputWindow out) throws IOException {
        int literalsState = bits.read(literalsTable.accuracyLog());
        int offsetState = bits.read(offsetTable.accuracyLog());
        int matchState = bits.read(matchTable.accuracyLog());
        int used = 0;
        for (int i = count; i > 0; i--) {
            int literalsCode = literalsTable.symbol()[literalsState];
            int offsetCode = offsetTable.symbol()[offsetState];
            int matchCode = matchTable.symbol()[matchState];
            int offsetValue = (1 << offsetCode) + bits.read(offsetCode);
            int match = MATCH_BASE[matchCode] + bits.read(MATCH_BITS[matchCode]);
            int run = LITERALS_BASE[literalsCode] + bits.read(LITERALS_BITS[literalsCode]);
            if (run > literalCount - used) {
                throw new IOException("a Zstandard sequence wants more literals than there are");
            }
            out.literals(literals, used, run);
            used += run;
            int distance = offset(offsetValue, run);
            if (distance > out.size() - frameStart) {
                throw new IOException("a Zstandard match reaches before its frame");
            }
            out.match(distance, match);
            if (i > 1) {
                literalsState = literalsTable.baseline()[literalsState] + bits.read(literalsTable.bitCount()[literalsState]);
                matchState = matchTable.baseline()[matchState] + bits.read(matchTable.bitCount()[matchState]);
                offsetState = offsetTable.baseline()[offsetState] + bits.read(offsetTable.bitCount()[offsetState]);
            }
        }
        if (bits.remaining() != 0) {
            throw new IOException("a Zstandard sequences stream holds another number of bits than its sequences need");
        }
        return used;
    }

    /** Values 1 to 3 name a recent offset; without literals they are shifted by one, and 3 is the most recent less one. */
    private int offset(int value, int run) {
        if (value < 0 || value > 3) {
            recent3 = recent2;
            recent2 = recent1;
            recent1 = value - 3;
            return recent1;
        }
        int which = value + (run == 0 ? 1 : 0);
        if (which == 1) {
            return recent1;
        }
        int distance = switch (which) {
            case 2 -> recent2;
            case 3 -> recent3;
            default -> recent1 - 1;
        };
        if (which != 2) {
            recent3 = recent2;
        }
        recent2 = recent1;
        recent1 = distance;
        return distance;
    }
}
