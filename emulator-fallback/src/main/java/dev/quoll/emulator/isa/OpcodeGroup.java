package dev.quoll.emulator.isa;

import java.util.ArrayList;
import java.util.List;

/// The rows of one opcode, sorted into buckets by prefix and, where it matters, ModRM.mod and ModRM.reg.
final class OpcodeGroup {
    private static final int WIDE = Selector.REGISTER | Selector.REG_MASK;
    /// Brings the fields of [#WIDE] next to the two bits of the prefix.
    private static final int WIDE_SHIFT = 7;

    /// A row in the form the decoder wants.
    static final class Candidate {
        final OpcodeRow row;
        final int mask;
        final int value;
        final long feature;
        final long attributes;
        final OperandKind[] operands;
        /// The operand that ModRM.rm can make memory, or null.
        final OperandKind addressed;
        /// The 66 prefix chose the row and says nothing about the operand size.
        final boolean prefix66;

        Candidate(OpcodeRow row) {
            EncodingMatch match = row.match();
            this.row = row;
            this.mask = match.mask();
            this.value = match.value();
            this.feature = row.feature().mask();
            this.attributes = row.attributeMask();
            this.operands = row.operands().toArray(new OperandKind[0]);
            this.addressed = addressed(operands);
            this.prefix66 = (match.mask() & Selector.PREFIX_MASK) == Selector.PREFIX_MASK
                    && (match.value() & Selector.PREFIX_MASK) == 1;
        }

        private static OperandKind addressed(OperandKind[] operands) {
            for (OperandKind operand : operands) {
                switch (operand.method()) {
                    case E, M, Q, W, VSIB -> {
                        return operand;
                    }
                    default -> {
                    }
                }
            }
            return null;
        }

        boolean has(Attribute attribute) {
            return (attributes & attribute.mask()) != 0;
        }
    }

    /// Whether a ModRM byte follows the opcode.
    final boolean modrm;
    private final boolean wide;
    private final Candidate[][] buckets;
    private final List<OpcodeRow> rows;

    OpcodeGroup(List<OpcodeRow> rows) {
        this.rows = List.copyOf(rows);
        boolean anyModrm = false;
        boolean anyWide = false;
        Candidate[] candidates = new Candidate[rows.size()];
        for (int i = 0; i < candidates.length; i++) {
            EncodingMatch match = rows.get(i).match();
            anyModrm |= match.modrm();
            anyWide |= (match.mask() & WIDE) != 0;
            candidates[i] = new Candidate(rows.get(i));
        }
        for (OpcodeRow row : rows) {
            if (row.match().modrm() != anyModrm) {
                throw new IllegalArgumentException("rows disagree on ModRM: " + row.encoding());
            }
        }
        modrm = anyModrm;
        wide = anyWide;
        buckets = new Candidate[wide ? 64 : 4][];
        int known = Selector.PREFIX_MASK | (wide ? WIDE : 0);
        for (int i = 0; i < buckets.length; i++) {
            int selector = i & Selector.PREFIX_MASK | i << WIDE_SHIFT & WIDE;
            List<Candidate> list = new ArrayList<>(4);
            for (Candidate candidate : candidates) {
                if (((selector ^ candidate.value) & candidate.mask & known) == 0) {
                    list.add(candidate);
                }
            }
            buckets[i] = list.toArray(new Candidate[0]);
        }
    }

    List<OpcodeRow> rows() {
        return rows;
    }

    /// Returns the row for a selector, or null.
    Candidate find(int selector, long features) {
        int bucket = selector & Selector.PREFIX_MASK;
        if (wide) {
            bucket |= (selector & WIDE) >> WIDE_SHIFT;
        }
        for (Candidate candidate : buckets[bucket]) {
            if ((selector & candidate.mask) == candidate.value && (features & candidate.feature) != 0) {
                return candidate;
            }
        }
        return null;
    }
}
