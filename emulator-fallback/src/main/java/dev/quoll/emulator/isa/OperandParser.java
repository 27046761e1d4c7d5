package dev.quoll.emulator.isa;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/// Operands from text in Intel syntax, for the [Assembler]: the inverse of [OperandText].
final class OperandParser {
    private static final Map<String, Operand.Register> REGISTERS = registers();
    private static final String[] SIZES = {"BYTE", "WORD", "DWORD", "QWORD"};

    private final CodeSize mode;
    private final ToLongFunction<String> numbers;

    /// @param numbers what names and numbers stand for
    OperandParser(CodeSize mode, ToLongFunction<String> numbers) {
        this.mode = mode;
        this.numbers = numbers;
    }

    /// Returns what is written, as far as it fits the row's kinds; null where it does not.
    Operand[] parse(OpcodeRow row, List<String> texts) {
        Operand[] operands = new Operand[texts.size()];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = operand(row.operands().get(i), texts, i);
            if (operands[i] == null) {
                return null;
            }
        }
        return operands;
    }

    /// Returns the operands of a string instruction, all of them implicit.
    Operand[] ofString(OpcodeRow row) {
        return row.operands().stream()
                .map(kind -> switch (kind.method()) {
                    case X -> memory(Segment.DS, false, 6);
                    case Y -> memory(Segment.ES, false, 7);
                    default -> new Operand.Register(RegisterClass.GPR, kind.number(), 1);
                })
                .toArray(Operand[]::new);
    }

    private Operand.Memory memory(Segment segment, boolean overridden, int base) {
        return new Operand.Memory(segment, overridden, base, Operand.Memory.NONE, 0, 0, 0, mode.bytes());
    }

    private Operand operand(OperandKind kind, List<String> texts, int index) {
        String text = texts.get(index);
        Operand.Register register = REGISTERS.get(text);
        if (register != null) {
            return register;
        }
        int bracket = text.indexOf('[');
        if (bracket >= 0) {
            return memory(text, bracket, sizeOfOther(texts, index));
        }
        return switch (kind.method()) {
            // Too far for eight bits, so that only the long forms take it; the assembler fills it in.
            case J -> new Operand.Relative(mode == CodeSize.BITS16 ? 0x1000 : 0x0100_0000);
            case I, SIGNED_BYTE -> new Operand.Immediate(numbers.applyAsLong(text), 0);
            case ONE -> text.equals("1") ? new Operand.Immediate(1, 1) : null;
            case A -> {
                int colon = text.indexOf(':');
                yield colon < 0
                        ? null
                        : new Operand.FarPointer(
                                (int) numbers.applyAsLong(text.substring(0, colon)),
                                numbers.applyAsLong(text.substring(colon + 1)));
            }
            default -> null;
        };
    }

    private static int sizeOfOther(List<String> texts, int index) {
        for (int i = 0; i < texts.size(); i++) {
            Operand.Register register = REGISTERS.get(texts.get(i));
            boolean general = register != null
                    && (register.cls() == RegisterClass.GPR || register.cls() == RegisterClass.GPR8_HIGH);
            if (i != index && general) {
                return register.size();
            }
        }
        return 0;
    }

    /// @param usual the size where none is written
    private Operand memory(String text, int bracket, int usual) {
        String before = text.substring(0, bracket).strip();
        int colon = before.indexOf(':');
        boolean overridden = colon >= 0;
        Segment segment = overridden ? Segment.valueOf(before.substring(before.indexOf(' ') + 1, colon)) : Segment.DS;
        int size = usual;
        for (int i = 0; i < SIZES.length; i++) {
            if (before.startsWith(SIZES[i])) {
                size = 1 << i;
            }
        }
        int base = Operand.Memory.NONE;
        int index = Operand.Memory.NONE;
        int scale = 0;
        long displacement = 0;
        for (String part : text.substring(bracket + 1, text.length() - 1).replace("-", "+-").split("\\+")) {
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
                displacement += numbers.applyAsLong(term);
            }
        }
        return new Operand.Memory(segment, overridden, base, index, scale, displacement, size, mode.bytes());
    }

    // ---- comparison of what was written with what an encoding says

    /// Whether a decoded instruction has these operands.
    static boolean same(Instruction found, Operand[] wanted) {
        for (int i = 0; i < wanted.length; i++) {
            if (!same(found.operand(i), wanted[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Operand found, Operand wanted) {
        return switch (wanted) {
            case Operand.Register register -> register.equals(found);
            case Operand.Memory memory ->
                found instanceof Operand.Memory other
                        && other.base() == memory.base()
                        && other.index() == memory.index()
                        && other.scaleShift() == memory.scaleShift()
                        && other.displacement() == memory.displacement()
                        && other.overridden() == memory.overridden()
                        && (memory.size() == other.size() || memory.size() == 0 || other.size() == 0);
            case Operand.Immediate(long value, _) ->
                found instanceof Operand.Immediate(long other, int size) && sameNumber(value, other, size);
            case Operand.Relative _, Operand.FarPointer _ -> wanted.equals(found);
        };
    }

    /// The same bits of what the instruction uses: 0xcc and -0x34 are one byte.
    private static boolean sameNumber(long value, long other, int size) {
        int unused = 64 - 8 * size;
        boolean fits = value >> 8 * size - 1 == 0 || value >> 8 * size - 1 == -1 || value >>> 8 * size == 0;
        return value == other || size < 8 && fits && value << unused == other << unused;
    }

    private static Map<String, Operand.Register> registers() {
        Map<String, Operand.Register> all = new HashMap<>();
        String[] names = {"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI"};
        String[] bytes = {"AL", "CL", "DL", "BL", "SPL", "BPL", "SIL", "DIL"};
        for (int i = 0; i < 16; i++) {
            all.put(i < 8 ? "R" + names[i] : "R" + i, new Operand.Register(RegisterClass.GPR, i, 8));
            all.put(i < 8 ? "E" + names[i] : "R" + i + "D", new Operand.Register(RegisterClass.GPR, i, 4));
            all.put(i < 8 ? names[i] : "R" + i + "W", new Operand.Register(RegisterClass.GPR, i, 2));
            all.put(i < 8 ? bytes[i] : "R" + i + "B", new Operand.Register(RegisterClass.GPR, i, 1));
            all.put("CR" + i, new Operand.Register(RegisterClass.CONTROL, i, 8));
            all.put("DR" + i, new Operand.Register(RegisterClass.DEBUG, i, 8));
            all.put("XMM" + i, new Operand.Register(RegisterClass.XMM, i, 16));
            all.put("YMM" + i, new Operand.Register(RegisterClass.XMM, i, 32));
            if (i < 8) {
                all.put("MM" + i, new Operand.Register(RegisterClass.MMX, i, 8));
                all.put("ST(%d)".formatted(i), new Operand.Register(RegisterClass.X87, i, 10));
            }
        }
        for (int i = 0; i < 4; i++) {
            all.put(names[i].charAt(0) + "H", new Operand.Register(RegisterClass.GPR8_HIGH, i, 1));
        }
        for (Segment segment : Segment.values()) {
            all.put(segment.name().toUpperCase(Locale.ROOT), new Operand.Register(RegisterClass.SEGMENT, segment.ordinal(), 2));
        }
        return Map.copyOf(all);
    }
}
