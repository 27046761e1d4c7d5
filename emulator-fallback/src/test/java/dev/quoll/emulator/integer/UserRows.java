package dev.quoll.emulator.integer;

import dev.quoll.emulator.isa.Access;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.Repeat;
import dev.quoll.emulator.oracle.Form;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The rows of the opcode table that user code of a 64-bit operating system can run with a predictable result. */
final class UserRows {
    private static final List<Attribute> OTHER_FAMILIES = List.of(
            Attribute.X87,
            Attribute.MMX,
            Attribute.SSE,
            Attribute.AVX,
            Attribute.FXSAVE,
            Attribute.XSAVE,
            Attribute.PRIVILEGED,
            Attribute.IO,
            Attribute.REP,
            Attribute.REPCC);

    /** Instructions left out, by reason. */
    private static final Set<Mnemonic> LEFT_OUT = EnumSet.noneOf(Mnemonic.class);

    static {
        // Results differ from one CPU, moment or kernel to the next.
        LEFT_OUT.addAll(EnumSet.of(
                Mnemonic.CPUID,
                Mnemonic.RDTSC,
                Mnemonic.RDTSCP,
                Mnemonic.RDPMC,
                Mnemonic.RDPID,
                Mnemonic.RDRAND,
                Mnemonic.RDSEED,
                Mnemonic.RDPKRU,
                Mnemonic.WRPKRU));
        // Segments and descriptor tables of the host; UMIP forbids some.
        LEFT_OUT.addAll(EnumSet.of(
                Mnemonic.LAR,
                Mnemonic.LSL,
                Mnemonic.VERR,
                Mnemonic.VERW,
                Mnemonic.SLDT,
                Mnemonic.STR,
                Mnemonic.SGDT,
                Mnemonic.SIDT,
                Mnemonic.SMSW,
                Mnemonic.LSS,
                Mnemonic.LFS,
                Mnemonic.LGS,
                Mnemonic.RDFSBASE,
                Mnemonic.RDGSBASE,
                Mnemonic.WRFSBASE,
                Mnemonic.WRGSBASE));
        // It writes where a register points that is random here; LabTest has it.
        LEFT_OUT.add(Mnemonic.CLZERO);
        // They fault in user code.
        LEFT_OUT.addAll(EnumSet.of(Mnemonic.CLI, Mnemonic.STI, Mnemonic.XSETBV, Mnemonic.MONITOR));
        // DivideOracleTest has them.
        LEFT_OUT.addAll(EnumSet.of(Mnemonic.DIV, Mnemonic.IDIV));
        // They belong to the x87 and XSAVE families; the host may run without the last.
        LEFT_OUT.addAll(EnumSet.of(Mnemonic.EMMS, Mnemonic.XGETBV, Mnemonic.SERIALIZE));
    }

    private UserRows() {}

    /** Rows without strings, division and branches. */
    static List<OpcodeRow> straight() {
        return OpcodeTable.rows().stream()
                .filter(row -> OTHER_FAMILIES.stream().noneMatch(row::has))
                .filter(row -> row.flow() == ControlFlow.NEXT)
                .filter(row -> !List.of(row.encoding().split(" ")).contains("m32"))
                .filter(row -> !LEFT_OUT.contains(row.mnemonic()))
                .filter(row -> row.operands().stream().noneMatch(UserRows::ofSegment))
                .toList();
    }

    static List<OpcodeRow> of(Mnemonic... mnemonics) {
        Set<Mnemonic> wanted = Set.of(mnemonics);
        return OpcodeTable.rows().stream()
                .filter(row -> wanted.contains(row.mnemonic()))
                .filter(row -> !List.of(row.encoding().split(" ")).contains("m32"))
                .toList();
    }

    private static boolean ofSegment(OperandKind kind) {
        return switch (kind.method()) {
            case S, FIXED_SEGMENT, C, D -> true;
            default -> false;
        };
    }

    /** Register and memory forms of all operand sizes, and locked ones. */
    static List<Form> forms(OpcodeRow row) {
        List<Form> forms = new ArrayList<>();
        for (int size : sizes(row)) {
            if (row.operands().stream().noneMatch(kind -> kind.method() == OperandKind.Method.M)
                    && !row.encoding().endsWith(" mem")) {
                forms.add(Form.of(size, false));
            }
            if (row.operands().stream().anyMatch(kind -> explicitMemory(row, kind))) {
                Form form = Form.of(size, true);
                forms.add(form);
                if (row.has(Attribute.LOCKABLE) && row.memoryAccess() == Access.READ_WRITE) {
                    forms.add(form.locked());
                }
            }
            if (row.mnemonic() == Mnemonic.LEA) {
                forms.add(Form.of(size, true).repeated(Repeat.NONE, 4));
            }
        }
        return forms;
    }

    private static boolean explicitMemory(OpcodeRow row, OperandKind kind) {
        return switch (kind.method()) {
            case M -> true;
            case E -> !row.encoding().endsWith(" reg");
            default -> false;
        };
    }

    /** The operand sizes that a row's prefixes leave possible in 64-bit code. */
    static List<Integer> sizes(OpcodeRow row) {
        List<String> tokens = List.of(row.encoding().split(" "));
        if (tokens.contains("o16")) {
            return List.of(2);
        }
        if (tokens.contains("o32") || tokens.contains("W0")) {
            return List.of(4);
        }
        if (tokens.contains("o64") || tokens.contains("W1") || row.has(Attribute.FORCE64)) {
            return List.of(8);
        }
        boolean prefixed = tokens.contains("NP") || tokens.getFirst().equals("66") || tokens.contains("VEX");
        boolean y = row.operands().stream().anyMatch(kind -> kind.size() == OperandKind.Size.Y);
        if (row.has(Attribute.DEFAULT64)) {
            return List.of(2, 8);
        }
        boolean crc = row.mnemonic() == Mnemonic.CRC32;
        return prefixed || y && !crc ? List.of(4, 8) : List.of(2, 4, 8);
    }
}
