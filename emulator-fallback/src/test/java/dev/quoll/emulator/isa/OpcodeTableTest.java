package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Consistency of the opcode table.
class OpcodeTableTest {
    private final List<OpcodeRow> rows = OpcodeTable.rows();

    @Test
    void everyMnemonicAndFeatureHasARow() {
        Set<Mnemonic> mnemonics = EnumSet.allOf(Mnemonic.class);
        Set<CpuFeature> features = EnumSet.allOf(CpuFeature.class);
        for (OpcodeRow row : rows) {
            mnemonics.remove(row.mnemonic());
            features.remove(row.feature());
        }
        assertThat(mnemonics).isEmpty();
        // 64-bit code is a matter of the code size.
        assertThat(features).containsExactly(CpuFeature.LONG_MODE);
    }

    /// Two rows may share encodings only where the second is the general case of the first, or what the first was before its
    /// feature existed.
    @Test
    void rowsDoNotOverlap() {
        List<String> overlaps = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            EncodingMatch first = rows.get(i).match();
            for (int j = i + 1; j < rows.size(); j++) {
                EncodingMatch second = rows.get(j).match();
                boolean sameOpcode = first.map() == second.map() && first.opcode() == second.opcode();
                boolean overlap = sameOpcode && ((first.value() ^ second.value()) & first.mask() & second.mask()) == 0;
                boolean specialCase = (first.mask() & second.mask()) == second.mask() && first.mask() != second.mask();
                if (overlap && !specialCase) {
                    overlaps.add(rows.get(i).encoding() + " and " + rows.get(j).encoding());
                }
            }
        }
        assertThat(overlaps).isEmpty();
    }

    @Test
    void lockableRowsModifyMemory() {
        for (OpcodeRow row : rows) {
            if (row.has(Attribute.LOCKABLE)) {
                assertThat(row.memoryAccess()).as(row.encoding()).isEqualTo(Access.READ_WRITE);
                assertThat(row.operands().getFirst().maybeMemory()).as(row.encoding()).isTrue();
            }
        }
    }

    @Test
    void conditionsReadTheirFlags() {
        int[] flags = {
            Flags.OF, Flags.CF, Flags.ZF, Flags.CF | Flags.ZF, Flags.SF, Flags.PF, Flags.SF | Flags.OF, Flags.ZF | Flags.SF | Flags.OF
        };
        int seen = 0;
        for (OpcodeRow row : rows) {
            switch (row.mnemonic()) {
                case JCC, SETCC, CMOVCC -> {
                    assertThat(row.flagsRead()).as(row.encoding()).isEqualTo(flags[row.match().opcode() >> 1 & 7]);
                    seen++;
                }
                default -> {
                }
            }
        }
        assertThat(seen).isEqualTo(4 * 16);
    }

    @Test
    void definedAndUndefinedFlagsAreDisjoint() {
        for (OpcodeRow row : rows) {
            assertThat(row.flagsWritten() & row.flagsUndefined()).as(row.encoding()).isZero();
        }
    }

    @Test
    void vectorRowsSayWhichStateTheyNeed() {
        for (OpcodeRow row : rows) {
            boolean vectorOperand = row.operands().stream().anyMatch(kind -> switch (kind.method()) {
                case V, W, U, H, L, VSIB, FIXED_XMM -> true;
                default -> false;
            });
            assertThat(row.has(Attribute.SSE) || row.has(Attribute.AVX)).as(row.encoding()).matches(known -> known || !vectorOperand);
            assertThat(row.match().map().vex()).as(row.encoding()).isEqualTo(row.has(Attribute.VEX));
            boolean mmxOperand = row.operands().stream().anyMatch(kind -> switch (kind.method()) {
                case P, Q, N -> true;
                default -> false;
            });
            assertThat(mmxOperand).as(row.encoding()).isEqualTo(row.has(Attribute.MMX) && row.mnemonic() != Mnemonic.EMMS);
        }
    }

    @Test
    void alignmentIsCheckedWhereTheManualSays() {
        assertThat(aligned(Mnemonic.MOVAPS)).isTrue();
        assertThat(aligned(Mnemonic.PADDB)).isTrue();
        assertThat(aligned(Mnemonic.ADDPS)).isTrue();
        assertThat(aligned(Mnemonic.VMOVDQA)).isTrue();
        assertThat(aligned(Mnemonic.CMPXCHG16B)).isTrue();
        assertThat(aligned(Mnemonic.MOVUPS)).isFalse();
        assertThat(aligned(Mnemonic.MOVDQU)).isFalse();
        assertThat(aligned(Mnemonic.LDDQU)).isFalse();
        assertThat(aligned(Mnemonic.PCMPISTRI)).isFalse();
        assertThat(aligned(Mnemonic.ADDSD)).isFalse();
        assertThat(aligned(Mnemonic.VADDPS)).isFalse();
    }

    private boolean aligned(Mnemonic mnemonic) {
        return rows.stream()
                .filter(row -> row.mnemonic() == mnemonic && row.feature() != CpuFeature.MMX)
                .filter(row -> row.operands().stream().anyMatch(OperandKind::maybeMemory) && !row.has(Attribute.MMX))
                .allMatch(row -> row.has(Attribute.ALIGNED));
    }
}
