package dev.quoll.emulator.smp;

import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.InstructionEncoder;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Repeat;
import dev.quoll.emulator.isa.Segment;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A small 64-bit assembler for guests of tests: one instruction, label ({@code name:}) or {@code DB} a line in Intel's
 * syntax, comments behind {@code #}. It tries the rows of the opcode table with the instruction's mnemonic and keeps the
 * shortest encoding that decodes to what was written, so that it can say nothing that the decoder does not understand.
 *
 * <p>Numbers are decimal or 0x; {@code name} and {@code name+number} stand for constants and labels. Branches are always
 * of 32 bits. A memory operand without a size ({@code DWORD [x]}) takes that of the other operand.
 */
final class Assembler {
    private static final Map<String, Operand.Register> REGISTERS = registers();
    private static final String[] CONDITIONS = {
        "O", "B", "AE", "E", "NE", "BE", "A", "S", "NS", "P", "NP", "L", "GE", "LE", "G", "NO"
    };
    private static final int[] CONDITION_CODES = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1};

    private final Map<String, Long> symbols;
    private final InstructionEncoder encoder = new InstructionEncoder(CodeSize.BITS64);
    private final Decoder decoder = new Decoder(CpuFeature.ALL);

    /** A branch whose last four bytes wait for a label. */
    private record Fixup(int end, String label) {}

    /** Code and the addresses of its labels. */
    record Program(byte[] code, Map<String, Long> labels) {
        long label(String name) {
            return labels.get(name);
        }
    }

    /** @param constants names that instructions may use for numbers */
    Assembler(Map<String, Long> constants) {
        symbols = new HashMap<>(constants);
    }

    /** Assembles code for an address. */
    Program assemble(long origin, String source) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Fixup> fixups = new ArrayList<>();
        Map<String, Long> labels = new HashMap<>();
        for (String line : source.split("[\n;]")) {
            String text = line.replaceAll("#.*", "").strip();
            if (text.endsWith(":")) {
                labels.put(text.substring(0, text.length() - 1), origin + out.size());
            } else if (text.startsWith("DB ")) {
                for (String number : text.substring(3).split(",")) {
                    out.write((int) number(number.strip()));
                }
            } else if (text.startsWith("ALIGN ")) {
                long to = number(text.substring(6).strip());
                while ((origin + out.size()) % to != 0) {
                    out.write(0x90);
                }
            } else if (!text.isEmpty()) {
                out.writeBytes(instruction(text, out.size(), fixups));
            }
        }
        byte[] code = out.toByteArray();
        for (Fixup fixup : fixups) {
            Long target = labels.get(fixup.label);
            if (target == null) {
                target = number(fixup.label);
            }
            int relative = Math.toIntExact(target - origin - fixup.end);
            for (int i = 0; i < 4; i++) {
                code[fixup.end - 4 + i] = (byte) (relative >> 8 * i);
            }
        }
        return new Program(code, labels);
    }

    private byte[] instruction(String text, int at, List<Fixup> fixups) {
        String rest = text;
        boolean lock = false;
        if (rest.startsWith("LOCK ")) {
            lock = true;
            rest = rest.substring(5).strip();
        }
        int space = rest.indexOf(' ');
        String mnemonic = space < 0 ? rest : rest.substring(0, space);
        String[] operands = space < 0 ? new String[0] : rest.substring(space).strip().split("\\s*,\\s*");
        int condition = -1;
        if (mnemonic.startsWith("J") && !mnemonic.equals("JMP")) {
            condition = condition(mnemonic.substring(1));
            mnemonic = "JCC";
        } else if (mnemonic.startsWith("SET")) {
            condition = condition(mnemonic.substring(3));
            mnemonic = "SETCC";
        }
        int[] sizes = {4, 8, 2};
        if (mnemonic.equals("IRETQ")) {
            mnemonic = "IRET";
            sizes = new int[] {8};
        }
        byte[] best = null;
        for (OpcodeRow row : OpcodeTable.rows()) {
            if (!row.mnemonic().name().equals(mnemonic)) {
                continue;
            }
            for (int operandSize : sizes) {
                byte[] code = encode(row, new InstructionEncoder.Shape(operandSize, 8, 16, lock, Repeat.NONE), operands);
                if (code != null
                        && (condition < 0 || decode(code).condition() == condition)
                        && (best == null || code.length < best.length)) {
                    best = code;
                }
            }
        }
        if (best == null) {
            throw new IllegalArgumentException("no encoding of: " + text);
        }
        if (operands.length == 1 && branchTarget(best)) {
            fixups.add(new Fixup(at + best.length, operands[0]));
        }
        return best;
    }

    private boolean branchTarget(byte[] code) {
        return decode(code).operand(0) instanceof Operand.Relative;
    }

    private Instruction decode(byte[] code) {
        return (Instruction) decoder.decode(code, 0, code.length, CodeSize.BITS64);
    }

    private byte[] encode(OpcodeRow row, InstructionEncoder.Shape shape, String[] texts) {
        if (row.operands().size() != texts.length) {
            return null;
        }
        Operand[] operands = new Operand[row.operands().size()];
        try {
            for (int i = 0; i < operands.length; i++) {
                operands[i] = operand(row, i, texts);
                if (operands[i] == null) {
                    return null;
                }
            }
            byte[] code = encoder.encode(row, shape, operands);
            return decoder.decode(code, 0, code.length, CodeSize.BITS64) instanceof Instruction found
                            && found.row() == row
                            && found.operandSize() == shape.operandSize()
                            && same(found, operands)
                    ? code
                    : null;
        } catch (IllegalArgumentException | ClassCastException noSuchForm) {
            return null;
        }
    }

    /** What is written; the encoder and the decoder judge whether the row has it. */
    private Operand operand(OpcodeRow row, int index, String[] texts) {
        String text = texts[index];
        Operand.Register register = REGISTERS.get(text);
        if (register != null) {
            return register;
        }
        int bracket = text.indexOf('[');
        if (bracket >= 0) {
            int size = switch (text.substring(0, bracket).strip()) {
                case "BYTE" -> 1;
                case "WORD" -> 2;
                case "DWORD" -> 4;
                case "QWORD" -> 8;
                default -> sizeOfOther(texts, index);
            };
            return memory(text.substring(bracket + 1, text.length() - 1), size);
        }
        return switch (row.operands().get(index).method()) {
            // Too far for eight bits, so that only the long forms take it.
            case J -> new Operand.Relative(0x0100_0000);
            case I, SIGNED_BYTE -> new Operand.Immediate(number(text), 0);
            case ONE -> text.equals("1") ? new Operand.Immediate(1, 1) : null;
            default -> null;
        };
    }

    private static int sizeOfOther(String[] texts, int index) {
        for (int i = 0; i < texts.length; i++) {
            if (i != index && REGISTERS.get(texts[i]) instanceof Operand.Register(RegisterClass cls, int number, int size)) {
                return size;
            }
        }
        return 0;
    }

    private Operand memory(String text, int size) {
        int base = Operand.Memory.NONE;
        int index = Operand.Memory.NONE;
        int scale = 0;
        long displacement = 0;
        for (String part : text.replace("-", "+-").split("\\+")) {
            String term = part.strip();
            if (term.isEmpty()) {
                continue;
            }
            int star = term.indexOf('*');
            if (star > 0) {
                index = REGISTERS.get(term.substring(0, star)).number();
                scale = Integer.numberOfTrailingZeros(Integer.parseInt(term.substring(star + 1)));
            } else if (REGISTERS.get(term) instanceof Operand.Register register) {
                if (base == Operand.Memory.NONE) {
                    base = register.number();
                } else {
                    index = register.number();
                }
            } else {
                displacement += number(term);
            }
        }
        return new Operand.Memory(Segment.DS, false, base, index, scale, displacement, size, 8);
    }

    private static boolean same(Instruction found, Operand[] wanted) {
        for (int i = 0; i < wanted.length; i++) {
            boolean equal = switch (wanted[i]) {
                case Operand.Register register -> register.equals(found.operand(i));
                case Operand.Memory memory ->
                    found.operand(i) instanceof Operand.Memory other
                            && other.base() == memory.base()
                            && other.index() == memory.index()
                            && other.scaleShift() == memory.scaleShift()
                            && other.displacement() == memory.displacement()
                            && (memory.size() == other.size() || memory.size() == 0 || other.size() == 0);
                case Operand.Immediate(long value, int size) ->
                    found.operand(i) instanceof Operand.Immediate(long other, int otherSize) && sameNumber(value, other, otherSize);
                case Operand.Relative relative -> relative.equals(found.operand(i));
                default -> false;
            };
            if (!equal) {
                return false;
            }
        }
        return true;
    }

    /** The same bits of what the instruction uses: 0xcc and -0x34 are one byte. */
    private static boolean sameNumber(long value, long other, int size) {
        int unused = 64 - 8 * size;
        boolean fits = value >> 8 * size - 1 == 0 || value >> 8 * size - 1 == -1 || value >>> 8 * size == 0;
        return value == other || size < 8 && fits && value << unused == other << unused;
    }

    private long number(String text) {
        int plus = text.indexOf('+', 1);
        if (plus > 0) {
            return number(text.substring(0, plus)) + number(text.substring(plus + 1));
        }
        if (symbols.get(text) instanceof Long value) {
            return value;
        }
        if (text.startsWith("0x")) {
            return Long.parseUnsignedLong(text.substring(2), 16);
        }
        return Long.parseLong(text);
    }

    private static int condition(String name) {
        String usual = switch (name) {
            case "Z" -> "E";
            case "NZ" -> "NE";
            case "C" -> "B";
            case "NC" -> "AE";
            default -> name;
        };
        for (int i = 0; i < CONDITIONS.length; i++) {
            if (CONDITIONS[i].equals(usual)) {
                return CONDITION_CODES[i];
            }
        }
        throw new IllegalArgumentException("no condition " + name);
    }

    private static Map<String, Operand.Register> registers() {
        Map<String, Operand.Register> all = new HashMap<>();
        String[] names = {"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI"};
        String[] bytes = {"AL", "CL", "DL", "BL", "SPL", "BPL", "SIL", "DIL"};
        for (int i = 0; i < 16; i++) {
            gpr(all, i < 8 ? "R" + names[i] : "R" + i, i, 8);
            gpr(all, i < 8 ? "E" + names[i] : "R" + i + "D", i, 4);
            gpr(all, i < 8 ? names[i] : "R" + i + "W", i, 2);
            gpr(all, i < 8 ? bytes[i] : "R" + i + "B", i, 1);
            all.put("CR" + i, new Operand.Register(RegisterClass.CONTROL, i, 8));
            all.put("XMM" + i, new Operand.Register(RegisterClass.XMM, i, 16));
        }
        return Map.copyOf(all);
    }

    private static void gpr(Map<String, Operand.Register> all, String name, int number, int size) {
        all.put(name.toUpperCase(Locale.ROOT), new Operand.Register(RegisterClass.GPR, number, size));
    }
}
