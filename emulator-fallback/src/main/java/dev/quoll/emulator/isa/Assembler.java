package dev.quoll.emulator.isa;

import dev.quoll.machine.Assembler.Program;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A small assembler, for guests of our own: the notation is that of [dev.quoll.machine.Assembler]. It tries the rows of the
/// opcode table with an instruction's mnemonic and keeps the shortest encoding that decodes to what was written, so that it
/// can say nothing that the decoder does not understand.
///
/// Numbers are decimal or 0x; `name` and `name+number` stand for constants and labels. Branches are never short. A memory
/// operand without a size (`DWORD [x]`) takes that of a general register beside it. Not safe for use by several threads at once.
public final class Assembler {
    private static final Map<String, List<OpcodeRow>> ROWS = OpcodeTable.rows().stream()
            .collect(Collectors.groupingBy(row -> row.mnemonic().name()));
    private static final List<String> CONDITIONS =
            List.of("O", "NO", "B", "AE", "E", "NE", "BE", "A", "S", "NS", "P", "NP", "L", "GE", "LE", "G");
    /// What a label counts as before it is known: a number that takes as many bytes as a label's address does.
    private static final long SOME_ADDRESS = 0x7ff0;
    /// Rounds until every label stands where the round before left it.
    private static final int MOST_ROUNDS = 4;

    /// A name that stands for nothing: no other row of the opcode table will help.
    private static final class UnknownName extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        UnknownName(String name) {
            super("there is neither a label nor a constant " + name);
        }
    }

    private final CodeSize mode;
    private final Map<String, Long> constants;
    private final InstructionEncoder encoder;
    private final Decoder decoder = new Decoder(CpuFeature.ALL);
    private final OperandParser operands;
    /// Labels as the last round has found them; null in the first one.
    private Map<String, Long> known;
    private Map<String, Long> labels;

    /// @param constants names that instructions may use for numbers
    public Assembler(CodeSize mode, Map<String, Long> constants) {
        this.mode = mode;
        this.constants = Map.copyOf(constants);
        encoder = new InstructionEncoder(mode);
        operands = new OperandParser(mode, this::number);
    }

    /// Assembles code for an address.
    ///
    /// @throws IllegalArgumentException for a line that cannot be encoded, with that line
    public Program assemble(long origin, String source) {
        known = null;
        for (int round = 0; round < MOST_ROUNDS; round++) {
            labels = new HashMap<>();
            byte[] code = pass(origin, source);
            if (labels.equals(known)) {
                return new Program(origin, code, Map.copyOf(labels));
            }
            known = labels;
        }
        throw new IllegalArgumentException("the labels of the program come to no rest");
    }

    private byte[] pass(long origin, String source) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String line : source.split("[\n;]")) {
            String text = line.replaceAll("#.*", "").strip();
            int space = text.indexOf(' ');
            String rest = text.substring(space + 1).strip();
            if (text.endsWith(":")) {
                if (labels.put(text.substring(0, text.length() - 1), origin + out.size()) != null) {
                    throw new IllegalArgumentException("a label is there twice: " + text);
                }
                continue;
            }
            switch (space < 0 ? text : text.substring(0, space)) {
                case "" -> {}
                case "DB" -> data(out, rest, 1);
                case "DW" -> data(out, rest, 2);
                case "DD" -> data(out, rest, 4);
                case "DQ" -> data(out, rest, 8);
                case "SPACE" -> out.writeBytes(new byte[Math.toIntExact(number(rest))]);
                case "ALIGN" -> {
                    for (long to = number(rest); (origin + out.size()) % to != 0; ) {
                        out.write(0x90);
                    }
                }
                default -> out.writeBytes(instruction(text, origin + out.size()));
            }
        }
        return out.toByteArray();
    }

    private void data(ByteArrayOutputStream out, String items, int size) {
        if (items.startsWith("\"")) {
            items.substring(1, items.length() - 1).chars().forEach(out::write);
            return;
        }
        for (String item : items.split(",")) {
            long value = number(item.strip());
            for (int i = 0; i < size; i++) {
                out.write((int) (value >>> 8 * i));
            }
        }
    }

    // ---- instructions

    /// A line taken apart: prefixes, mnemonic as the opcode table has it, operands.
    private record Line(
            String mnemonic, int condition, int onlySize, boolean lock, Repeat repeat, boolean string, List<String> operands) {}

    private Line parse(String text) {
        String rest = text;
        boolean lock = rest.startsWith("LOCK ");
        Repeat repeat = rest.startsWith("REPNE ")
                ? Repeat.REPNE
                : rest.startsWith("REP ") || rest.startsWith("REPE ") ? Repeat.REP : Repeat.NONE;
        if (lock || repeat != Repeat.NONE) {
            rest = rest.substring(rest.indexOf(' ')).strip();
        }
        int space = rest.indexOf(' ');
        String mnemonic = space < 0 ? rest : rest.substring(0, space);
        List<String> texts = space < 0 ? List.of() : List.of(rest.substring(space).strip().split("\\s*,\\s*"));
        if (texts.isEmpty() && mnemonic.matches("(MOVS|STOS|LODS|CMPS|SCAS|INS|OUTS)[BWDQ]")) {
            int size = 1 << "BWDQ".indexOf(mnemonic.charAt(4 - (mnemonic.startsWith("INS") ? 1 : 0)));
            String name = mnemonic.substring(0, mnemonic.length() - 1);
            return new Line(name, -1, size, lock, repeat, true, texts);
        }
        if (mnemonic.startsWith("J") && !mnemonic.equals("JMP")) {
            return new Line("JCC", condition(mnemonic.substring(1)), 0, lock, repeat, false, texts);
        }
        if (mnemonic.startsWith("SET")) {
            return new Line("SETCC", condition(mnemonic.substring(3)), 0, lock, repeat, false, texts);
        }
        if (mnemonic.startsWith("CMOV")) {
            return new Line("CMOVCC", condition(mnemonic.substring(4)), 0, lock, repeat, false, texts);
        }
        return mnemonic.equals("IRETQ")
                ? new Line("IRET", -1, 8, lock, repeat, false, texts)
                : new Line(mnemonic, -1, 0, lock, repeat, false, texts);
    }

    private byte[] instruction(String text, long at) {
        Line line = parse(text);
        byte[] best = null;
        for (OpcodeRow row : ROWS.getOrDefault(line.mnemonic, List.of())) {
            for (int operandSize : mode == CodeSize.BITS64 ? new int[] {4, 8, 2} : new int[] {mode.bytes(), 6 - mode.bytes()}) {
                byte[] code = encode(row, line, operandSize, at);
                if (code != null && (best == null || code.length < best.length)) {
                    best = code;
                }
            }
        }
        if (best == null) {
            throw new IllegalArgumentException("no encoding of: " + text);
        }
        return best;
    }

    /// Null when the row has no such form.
    private byte[] encode(OpcodeRow row, Line line, int operandSize, long at) {
        boolean bytes = row.operands().stream().anyMatch(kind -> kind.size() == OperandKind.Size.B);
        if (line.string
                ? line.onlySize != (bytes ? 1 : operandSize) || bytes && operandSize != usualOperandSize()
                : line.onlySize != 0 && line.onlySize != operandSize || row.operands().size() != line.operands.size()) {
            return null;
        }
        InstructionEncoder.Shape shape =
                new InstructionEncoder.Shape(operandSize, mode.bytes(), vectorLength(line), line.lock, line.repeat);
        try {
            Operand[] wanted = line.string ? operands.ofString(row) : operands.parse(row, line.operands);
            if (wanted == null) {
                return null;
            }
            byte[] code = encoder.encode(row, shape, wanted);
            boolean right = decoder.decode(code, 0, code.length, mode) instanceof Instruction found
                    && found.row() == row
                    && found.operandSize() == operandSize
                    && (line.condition < 0 || found.condition() == line.condition)
                    && (line.string || OperandParser.same(found, wanted));
            if (right && wanted.length == 1 && wanted[0] instanceof Operand.Relative) {
                long target = number(line.operands.getFirst());
                return encoder.encode(row, shape, new Operand.Relative(target - at - code.length));
            }
            return right ? code : null;
        } catch (UnknownName e) {
            throw e;
        } catch (IllegalArgumentException | ClassCastException noSuchForm) {
            return null;
        }
    }

    private int usualOperandSize() {
        return mode == CodeSize.BITS16 ? 2 : 4;
    }

    private static int vectorLength(Line line) {
        return line.operands.stream().anyMatch(text -> text.startsWith("YMM")) ? 32 : 16;
    }

    private static int condition(String name) {
        int number = CONDITIONS.indexOf(switch (name) {
            case "Z" -> "E";
            case "NZ" -> "NE";
            case "C" -> "B";
            case "NC" -> "AE";
            default -> name;
        });
        if (number < 0) {
            throw new IllegalArgumentException("no condition " + name);
        }
        return number;
    }

    private long number(String text) {
        int plus = text.indexOf('+', 1);
        if (plus > 0) {
            return number(text.substring(0, plus)) + number(text.substring(plus + 1));
        }
        if (constants.get(text) instanceof Long value) {
            return value;
        }
        if (text.matches("-?[0-9].*")) {
            return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
        }
        if (known == null) {
            return SOME_ADDRESS;
        }
        if (known.get(text) instanceof Long address) {
            return address;
        }
        throw new UnknownName(text);
    }
}
