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
        /// The 66 prefix chose the row and says nothing about the operand size.
        final boolean prefix66;

        Candidate(OpcodeRow row) {
            EncodingMatch match = row.match();
            this.row = row;
            this.mask = match.mask();
            this.value = match.value();
            this.feature = row.feature().mask();
            this.attributes = row.attributeMask();
            this.operands = row.operands().toArray(OperandKind[]::new);
            this.prefix66 = (match.mask() & Selector.PREFIX_MASK) == Selector.PREFIX_MASK
                    && (match.value() & Selector.PREFIX_MASK) == 1;
        }

        boolean has(Attribute attribute) {
            return (attributes & attribute.mask()) != 0;
        }
    }

    final boolean modrm;
    private final List<OpcodeRow> rows = new ArrayList<>(2);
    private boolean wide;
    // Buckets are made when first used, so that start-up does not pay for opcodes nobody executes. Several threads may make
    // the same one; all are equal, and their contents are final fields.
    private Candidate[][] buckets = new Candidate[4][];

    OpcodeGroup(boolean modrm) {
        this.modrm = modrm;
    }

    /// Adds a row; only while the table is built.
    void add(OpcodeRow row) {
        if (row.match().modrm() != modrm) {
            throw new IllegalArgumentException("rows disagree on ModRM: " + row.encoding());
        }
        rows.add(row);
        if ((row.match().mask() & WIDE) != 0 && !wide) {
            wide = true;
            buckets = new Candidate[64][];
        }
    }

    /// Returns the row for a selector, or null.
    Candidate find(int selector, long features) {
        int bucket = selector & Selector.PREFIX_MASK;
        if (wide) {
            bucket |= (selector & WIDE) >> WIDE_SHIFT;
        }
        Candidate[] candidates = buckets[bucket];
        if (candidates == null) {
            candidates = fill(selector, bucket);
        }
        for (Candidate candidate : candidates) {
            if ((selector & candidate.mask) == candidate.value && (features & candidate.feature) != 0) {
                return candidate;
            }
        }
        return null;
    }

    private Candidate[] fill(int selector, int bucket) {
        int known = Selector.PREFIX_MASK | (wide ? WIDE : 0);
        List<Candidate> list = new ArrayList<>(2);
        for (OpcodeRow row : rows) {
            if (((selector ^ row.match().value()) & row.match().mask() & known) == 0) {
                list.add(new Candidate(row));
            }
        }
        Candidate[] candidates = list.toArray(Candidate[]::new);
        buckets[bucket] = candidates;
        return candidates;
    }
}
