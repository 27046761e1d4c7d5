package dev.quoll.emulator.isa;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The opcode table: every row, and the index from encodings to rows.
public final class OpcodeTable {
    private static final List<OpcodeRow> ROWS;
    private static final OpcodeGroup[] GROUPS = new OpcodeGroup[OpcodeMap.values().length << 8];

    static {
        List<OpcodeRow> rows = new ArrayList<>(2000);
        RowParser parser = new RowParser(rows);
        parser.parse(OneByteTable.FAMILY, OneByteTable.ROWS);
        parser.parse(TwoByteTable.FAMILY, TwoByteTable.ROWS);
        parser.parse(BitTable.FAMILY, BitTable.ROWS);
        parser.parse(X87Table.FAMILY, X87Table.ROWS);
        parser.parse(MmxTable.FAMILY, MmxTable.ROWS);
        parser.parse(SseTable.FAMILY, SseTable.ROWS);
        parser.parse(Sse4Table.FAMILY, Sse4Table.ROWS);
        parser.parse(VexTable.FAMILY, VexTable.ROWS);
        parser.parse(AvxTable.FAMILY, AvxTable.ROWS);
        parser.parse(FmaTable.FAMILY, FmaTable.ROWS);
        ROWS = Collections.unmodifiableList(rows);
        for (OpcodeRow row : rows) {
            EncodingMatch match = row.match();
            int index = match.map().ordinal() << 8 | match.opcode();
            if (GROUPS[index] == null) {
                GROUPS[index] = new OpcodeGroup(match.modrm());
            }
            GROUPS[index].add(row);
        }
    }

    private OpcodeTable() {
    }

    /// Returns every row. Where two match an encoding, the earlier one counts, provided its feature is there.
    public static List<OpcodeRow> rows() {
        return ROWS;
    }

    /// Returns the rows of an opcode, or null if there are none.
    static OpcodeGroup group(OpcodeMap map, int opcode) {
        return GROUPS[map.ordinal() << 8 | opcode];
    }

    static OpcodeGroup group(int mapAndOpcode) {
        return GROUPS[mapAndOpcode];
    }
}
