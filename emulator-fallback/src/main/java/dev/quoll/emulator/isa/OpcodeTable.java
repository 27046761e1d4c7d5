package dev.quoll.emulator.isa;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The opcode table: every row, and the index from encodings to rows.
///
/// At start-up the lines are only indexed by opcode; the lines of an opcode are read when it is first met. A guest uses a
/// small part of the table, and a young JVM reads the whole of it at a few microseconds a line.
public final class OpcodeTable {
    private static final String[][] TABLES = {
        {OneByteTable.FAMILY, OneByteTable.ROWS},
        {TwoByteTable.FAMILY, TwoByteTable.ROWS},
        {BitTable.FAMILY, BitTable.ROWS},
        {X87Table.FAMILY, X87Table.ROWS},
        {MmxTable.FAMILY, MmxTable.ROWS},
        {SseTable.FAMILY, SseTable.ROWS},
        {Sse4Table.FAMILY, Sse4Table.ROWS},
        {VexTable.FAMILY, VexTable.ROWS},
        {AvxTable.FAMILY, AvxTable.ROWS},
        {FmaTable.FAMILY, FmaTable.ROWS}
    };

    private static final int KEYS = OpcodeMap.values().length << 8;

    // The lines as lists: the first and last line of each key, the next line of each line.
    private static final short[] FIRST = new short[KEYS];
    private static final short[] LAST = new short[KEYS];
    private static short[] next = new short[2048];
    private static byte[] tableOf = new byte[2048];
    private static int[] startOf = new int[2048];

    // Written under the lock, read without: a group is immutable and safely published by its final fields.
    private static final OpcodeGroup[] GROUPS = new OpcodeGroup[KEYS];
    private static final RowParser PARSER = new RowParser();

    static {
        // Line 0 is the end of a list.
        int line = 1;
        for (int table = 0; table < TABLES.length; table++) {
            byte[] text = TABLES[table][1].getBytes(StandardCharsets.ISO_8859_1);
            int start = 0;
            while (start < text.length) {
                if (text[start] != '#') {
                    if (line == next.length) {
                        next = Arrays.copyOf(next, line * 2);
                        tableOf = Arrays.copyOf(tableOf, line * 2);
                        startOf = Arrays.copyOf(startOf, line * 2);
                    }
                    tableOf[line] = (byte) table;
                    startOf[line] = start;
                    append(RowParser.key(text, start), line++);
                }
                while (text[start] != '\n') {
                    start++;
                }
                start++;
            }
        }
    }

    private OpcodeTable() {
    }

    private static void append(int key, int line) {
        if (FIRST[key] == 0) {
            FIRST[key] = (short) line;
        } else {
            next[LAST[key]] = (short) line;
        }
        LAST[key] = (short) line;
    }

    /// Returns every row, by opcode. Where two match an encoding, the earlier one counts, provided its feature is there.
    public static List<OpcodeRow> rows() {
        List<OpcodeRow> rows = new ArrayList<>(2048);
        for (int key = 0; key < KEYS; key++) {
            rows.addAll(group(key).rows());
        }
        return rows;
    }

    /// Returns the rows of an opcode.
    ///
    /// @param key the ordinal of the [OpcodeMap] and the last opcode byte
    static OpcodeGroup group(int key) {
        OpcodeGroup group = GROUPS[key];
        return group != null ? group : read(key);
    }

    private static OpcodeGroup read(int key) {
        synchronized (PARSER) {
            if (GROUPS[key] == null) {
                List<OpcodeRow> rows = new ArrayList<>();
                for (int line = FIRST[key]; line != 0; line = next[line]) {
                    String[] table = TABLES[tableOf[line]];
                    rows.add(PARSER.row(key, table[0], table[1], startOf[line]));
                }
                GROUPS[key] = new OpcodeGroup(rows);
            }
            return GROUPS[key];
        }
    }
}
