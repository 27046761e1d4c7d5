package dev.quoll.emulator.isa;

import dev.quoll.emulator.isa.OperandKind.Method;
import dev.quoll.emulator.isa.OperandKind.Size;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads the lines of the opcode tables: `encoding | mnemonic operands | attributes`; # starts a comment line.
///
/// Encoding, in this order: `VEX` with an optional `L0` or `L1`; a mandatory prefix `NP` (none), `66`, `F3`, `F2`, or `NF`
/// (no F3 or F2; 66 is the operand size), none of them where prefixes do not choose the row; the opcode bytes; then
///
///   - `/3` ModRM.reg, `=C1` the whole ModRM byte, `mem` or `reg` for ModRM.mod below 3 or 3;
///   - `o16 o32 o64` operand size, `W0 W1` REX.W or VEX.W, `noB` REX.B clear, `m32` 16- and 32-bit code, `m64` 64-bit code.
///
/// Operands are in the notation of the opcode maps (SDM vol. 2, A.2), with sIb for a sign-extended byte, the size h, f or e
/// for a half, fourth or eighth of the vector length, Rv/Mw for operands whose register form is wider, and VMxd, VMhq for
/// gathers. A row that is a special case of another one stands before it.
///
/// Attributes are [Attribute] tokens, a [CpuFeature], a control flow (`cond jump call ret far`), `rf= wf= uf=` flags read,
/// written, undefined, `ir= iw=` implicit general registers read and written (A C D B S P I J for rAX to rDI, b for R11),
/// `x4` an exception class, and the access to operands: the first is written unless `r` (read) or `rw` says otherwise;
/// `rwrw` and `ww` say it of the first two.
final class RowParser {
    // Filled from values(): Enum.valueOf would go through reflection, which is slow in a young JVM.
    private static final Map<String, Object> TOKENS = HashMap.newHashMap(128);
    private static final Map<String, Mnemonic> MNEMONICS = HashMap.newHashMap(1024);
    private static final Method[] METHODS = new Method[128];

    static {
        for (Attribute attribute : Attribute.values()) {
            TOKENS.put(attribute.token(), attribute);
        }
        for (CpuFeature feature : CpuFeature.values()) {
            TOKENS.put(feature.name(), feature);
        }
        for (Mnemonic mnemonic : Mnemonic.values()) {
            MNEMONICS.put(mnemonic.name(), mnemonic);
        }
        for (Method method : Method.values()) {
            if (method.name().length() == 1) {
                METHODS[method.name().charAt(0)] = method;
            }
        }
        TOKENS.put("cond", ControlFlow.CONDITIONAL);
        TOKENS.put("jump", ControlFlow.JUMP);
        TOKENS.put("call", ControlFlow.CALL);
        TOKENS.put("ret", ControlFlow.RETURN);
        TOKENS.put("far", ControlFlow.FAR);
    }

    private final Map<String, OperandKind[]> kinds = new HashMap<>();

    // The attributes of the row being read.
    private CpuFeature feature;
    private long attributes;
    private ControlFlow flow;
    private int flagsRead;
    private int flagsWritten;
    private int flagsUndefined;
    private int implicitReads;
    private int implicitWrites;
    private int exceptionClass;
    private Access first;
    private Access second;
    private Access third;

    /// Returns the opcode map and opcode of the line at `start`, for [OpcodeTable#group].
    ///
    /// It sees every line at start-up, in a cold JVM: hence bytes and not characters of a string.
    static int key(byte[] table, int start) {
        boolean vex = table[start] == 'V';
        int escape = 0;
        int opcode = 0;
        int bytes = 0;
        boolean prefixed = false;
        // Tokens of two hexadecimal digits; NP, NF, L0, W1 and the like never are.
        int i = vex ? start + 4 : start;
        while (table[i] != '|') {
            int end = i;
            while (table[end] > ' ') {
                end++;
            }
            int value = end - i == 2 ? hex(table[i]) << 4 | hex(table[i + 1]) : -1;
            if (value >= 0) {
                // 66, F3 or F2 is a prefix when it comes first and is not the opcode itself.
                if (bytes == 0 && !prefixed && mandatoryPrefix(value) != 0 && hex(table[end + 1]) >= 0) {
                    prefixed = true;
                } else {
                    escape = escape << 8 | opcode;
                    opcode = value;
                    bytes++;
                }
            }
            while (table[end] == ' ') {
                end++;
            }
            i = end;
        }
        OpcodeMap map = switch (escape) {
            case 0 -> OpcodeMap.ONE_BYTE;
            case 0x0f -> vex ? OpcodeMap.VEX_0F : OpcodeMap.TWO_BYTE;
            case 0x0f38 -> vex ? OpcodeMap.VEX_0F38 : OpcodeMap.MAP_0F38;
            case 0x0f3a -> vex ? OpcodeMap.VEX_0F3A : OpcodeMap.MAP_0F3A;
            default -> throw malformed("escape bytes " + escape);
        };
        return map.ordinal() << 8 | opcode;
    }

    private static int hex(byte digit) {
        return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
    }

    private static int mandatoryPrefix(int value) {
        return switch (value) {
            case 0x66 -> 1;
            case 0xf3 -> 2;
            case 0xf2 -> 3;
            default -> 0;
        };
    }

    /// Reads the line at `start`.
    ///
    /// @param key its map and opcode, see [#key]
    /// @param family attributes of all rows of the table
    OpcodeRow row(int key, String family, String table, int start) {
        int end = table.indexOf('\n', start);
        int bar = table.indexOf('|', start);
        int bar2 = table.indexOf('|', bar + 1);
        if (bar < 0 || bar2 < 0 || bar2 > end) {
            throw malformed(table.substring(start, end));
        }
        String encoding = table.substring(start, bar).strip();
        feature = CpuFeature.BASE;
        attributes = 0;
        flow = ControlFlow.NEXT;
        flagsRead = 0;
        flagsWritten = 0;
        flagsUndefined = 0;
        implicitReads = 0;
        implicitWrites = 0;
        exceptionClass = 0;
        first = Access.WRITE;
        second = Access.READ;
        third = Access.READ;
        attributes(family);
        attributes(table.substring(bar2 + 1, end));

        String assembly = table.substring(bar + 1, bar2).strip();
        int space = assembly.indexOf(' ');
        Mnemonic mnemonic = MNEMONICS.get(space < 0 ? assembly : assembly.substring(0, space));
        if (mnemonic == null) {
            throw malformed(assembly);
        }
        List<OperandKind> operands = space < 0 ? List.of() : operands(assembly.substring(space + 1).strip());
        if ((attributes & Attribute.STACK.mask()) != 0) {
            implicitReads |= registers("S");
            implicitWrites |= registers("S");
        }
        EncodingMatch match = match(encoding, key, operands);
        if ((attributes & Attribute.SSE.mask()) != 0
                && (attributes & Attribute.UNALIGNED.mask()) == 0
                && hasWideMemory(operands)) {
            attributes |= Attribute.ALIGNED.mask();
        }
        return new OpcodeRow(
                encoding,
                mnemonic,
                operands,
                feature,
                attributes,
                flow,
                flagsRead,
                flagsWritten,
                flagsUndefined,
                implicitReads,
                implicitWrites,
                exceptionClass,
                match);
    }

    /// Legacy SSE checks the alignment of 16-byte operands unless an instruction is exempt (SDM vol. 1, 11.3).
    private static boolean hasWideMemory(List<OperandKind> operands) {
        for (OperandKind operand : operands) {
            if (operand.maybeMemory() && (operand.size() == Size.X || operand.size() == Size.DQ)) {
                return true;
            }
        }
        return false;
    }

    private void attributes(String text) {
        int start = 0;
        while (start < text.length()) {
            if (text.charAt(start) == ' ') {
                start++;
                continue;
            }
            int end = text.indexOf(' ', start);
            if (end < 0) {
                end = text.length();
            }
            attribute(text.substring(start, end));
            start = end;
        }
    }

    private void attribute(String token) {
        if (token.length() > 3 && token.charAt(2) == '=') {
            String letters = token.substring(3);
            switch (token.substring(0, 2)) {
                case "rf" -> flagsRead |= Flags.parse(letters);
                case "wf" -> flagsWritten |= Flags.parse(letters);
                case "uf" -> flagsUndefined |= Flags.parse(letters);
                case "ir" -> implicitReads |= registers(letters);
                case "iw" -> implicitWrites |= registers(letters);
                default -> throw malformed(token);
            }
            return;
        }
        // No pattern switch and no lambda in this class: linking the first one of a JVM costs more than the whole table.
        Object known = TOKENS.get(token);
        if (known instanceof Attribute attribute) {
            attributes |= attribute.mask();
        } else if (known instanceof CpuFeature value) {
            feature = value;
        } else if (known instanceof ControlFlow value) {
            flow = value;
        } else {
            shorthand(token);
        }
    }

    private void shorthand(String token) {
        switch (token) {
            case "r" -> first = Access.READ;
            case "rw" -> first = Access.READ_WRITE;
            case "rwrw" -> {
                first = Access.READ_WRITE;
                second = Access.READ_WRITE;
            }
            case "ww" -> second = Access.WRITE;
            case "arith" -> flagsWritten |= Flags.STATUS;
            case "logic" -> {
                flagsWritten |= Flags.STATUS & ~Flags.AF;
                flagsUndefined |= Flags.AF;
            }
            case "incdec" -> flagsWritten |= Flags.STATUS & ~Flags.CF;
            case "fcomi" -> flagsWritten |= Flags.STATUS;
            case "gather" -> {
                first = Access.READ_WRITE;
                third = Access.READ_WRITE;
                exceptionClass = 12;
                feature = CpuFeature.AVX2;
            }
            default -> {
                if (token.charAt(0) != 'x') {
                    throw malformed(token);
                }
                exceptionClass = Integer.parseInt(token, 1, token.length(), 10);
            }
        }
    }

    private static int registers(String letters) {
        int set = 0;
        for (int i = 0; i < letters.length(); i++) {
            int number = "ACDBSPIJ   b".indexOf(letters.charAt(i));
            if (number < 0) {
                throw malformed(letters);
            }
            set |= 1 << number;
        }
        return set;
    }

    // ---- operands

    private List<OperandKind> operands(String text) {
        List<OperandKind> list = new ArrayList<>(4);
        int start = 0;
        while (start <= text.length()) {
            int end = text.indexOf(',', start);
            if (end < 0) {
                end = text.length();
            }
            Access access = switch (list.size()) {
                case 0 -> first;
                case 1 -> second;
                case 2 -> third;
                default -> Access.READ;
            };
            list.add(kind(text.substring(start, end), access));
            start = end + 1;
        }
        return List.copyOf(list);
    }

    private OperandKind kind(String notation, Access access) {
        OperandKind[] byAccess = kinds.get(notation);
        if (byAccess == null) {
            byAccess = new OperandKind[4];
            kinds.put(notation, byAccess);
        }
        OperandKind kind = byAccess[access.ordinal()];
        if (kind == null) {
            kind = newKind(notation, access);
            byAccess[access.ordinal()] = kind;
        }
        return kind;
    }

    private static OperandKind newKind(String notation, Access access) {
        return switch (notation) {
            case "AL" -> fixed(notation, Size.B, 0, access);
            case "AX" -> fixed(notation, Size.W, 0, access);
            case "eAX" -> fixed(notation, Size.Z, 0, access);
            case "rAX" -> fixed(notation, Size.V, 0, access);
            case "CL" -> fixed(notation, Size.B, 1, access);
            case "DX" -> fixed(notation, Size.W, 2, access);
            case "ES" -> fixed(notation, Segment.ES, access);
            case "CS" -> fixed(notation, Segment.CS, access);
            case "SS" -> fixed(notation, Segment.SS, access);
            case "DS" -> fixed(notation, Segment.DS, access);
            case "FS" -> fixed(notation, Segment.FS, access);
            case "GS" -> fixed(notation, Segment.GS, access);
            case "XMM0" -> new OperandKind(notation, Method.FIXED_XMM, Size.DQ, 0, access);
            case "ST" -> new OperandKind(notation, Method.ST, Size.T, 0, access);
            case "ST(i)" -> new OperandKind(notation, Method.ST_I, Size.T, 0, access);
            case "1" -> new OperandKind(notation, Method.ONE, Size.B, 0, Access.READ);
            case "sIb" -> new OperandKind(notation, Method.SIGNED_BYTE, Size.V, 0, Access.READ);
            case "BXb" -> new OperandKind(notation, Method.BX, Size.B, 0, access);
            case "Ma" -> new OperandKind(notation, Method.M, Size.A2, 0, access);
            case "Ms" -> new OperandKind(notation, Method.M, Size.NONE, 0, access);
            case "Rv/Mw" -> new OperandKind(notation, Method.E, Size.V_OR_W, 0, access);
            case "Rd/Mb" -> new OperandKind(notation, Method.E, Size.D_OR_B, 0, access);
            case "Rd/Mw" -> new OperandKind(notation, Method.E, Size.D_OR_W, 0, access);
            case "VMxd" -> new OperandKind(notation, Method.VSIB, Size.D, 0, access);
            case "VMxq" -> new OperandKind(notation, Method.VSIB, Size.Q, 0, access);
            case "VMhq" -> new OperandKind(notation, Method.VSIB, Size.Q, 1, access);
            default -> {
                Method method = METHODS[notation.charAt(0)];
                if (method == null) {
                    throw malformed(notation);
                }
                Access effective = method == Method.I || method == Method.J || method == Method.A ? Access.READ : access;
                yield new OperandKind(notation, method, size(notation.substring(1)), 0, effective);
            }
        };
    }

    private static OperandKind fixed(String notation, Size size, int number, Access access) {
        return new OperandKind(notation, Method.FIXED_GPR, size, number, access);
    }

    private static OperandKind fixed(String notation, Segment segment, Access access) {
        return new OperandKind(notation, Method.FIXED_SEGMENT, Size.W, segment.ordinal(), access);
    }

    private static Size size(String letters) {
        return switch (letters) {
            case "" -> Size.NONE;
            case "b" -> Size.B;
            case "w" -> Size.W;
            case "d" -> Size.D;
            case "q" -> Size.Q;
            case "dq" -> Size.DQ;
            case "t" -> Size.T;
            case "v" -> Size.V;
            case "z" -> Size.Z;
            case "y" -> Size.Y;
            case "p" -> Size.P;
            case "x" -> Size.X;
            case "h" -> Size.HALF;
            case "f" -> Size.QUARTER;
            case "e" -> Size.EIGHTH;
            default -> throw malformed(letters);
        };
    }

    // ---- encoding

    private EncodingMatch match(String encoding, int key, List<OperandKind> operands) {
        boolean modrm = false;
        int mask = 0;
        int value = 0;
        int start = 0;
        while (start < encoding.length()) {
            int end = encoding.indexOf(' ', start);
            if (end < 0) {
                end = encoding.length();
            }
            String token = encoding.substring(start, end);
            boolean leading = start == 0 || encoding.startsWith("VEX") && encoding.indexOf("0F") > start;
            start = end + 1;
            switch (token) {
                case "NP" -> mask |= Selector.PREFIX_MASK;
                case "NF" -> mask |= 2;
                case "W0" -> mask |= Selector.W;
                case "W1" -> {
                    mask |= Selector.W;
                    value |= Selector.W;
                }
                case "L0" -> mask |= Selector.L;
                case "L1" -> {
                    mask |= Selector.L;
                    value |= Selector.L;
                }
                case "noB" -> mask |= Selector.REX_B;
                case "m32" -> mask |= Selector.MODE64;
                case "m64" -> {
                    mask |= Selector.MODE64;
                    value |= Selector.MODE64;
                }
                case "o16" -> mask |= Selector.OPERAND_SIZE_MASK;
                case "o32" -> {
                    mask |= Selector.OPERAND_SIZE_MASK;
                    value |= 1 << Selector.OPERAND_SIZE_SHIFT;
                }
                case "o64" -> {
                    mask |= Selector.OPERAND_SIZE_MASK;
                    value |= 2 << Selector.OPERAND_SIZE_SHIFT;
                }
                case "mem" -> {
                    modrm = true;
                    mask |= Selector.REGISTER;
                }
                case "reg" -> {
                    modrm = true;
                    mask |= Selector.REGISTER;
                    value |= Selector.REGISTER;
                }
                case "66", "F3", "F2" -> {
                    // After the escape bytes it is the opcode.
                    if (leading && encoding.length() > 2) {
                        mask |= Selector.PREFIX_MASK;
                        value |= mandatoryPrefix(Integer.parseInt(token, 16));
                    }
                }
                default -> {
                    if (token.charAt(0) == '/') {
                        modrm = true;
                        mask |= Selector.REG_MASK;
                        value |= (token.charAt(1) - '0') << Selector.REG_SHIFT;
                    } else if (token.charAt(0) == '=') {
                        int fixed = Integer.parseInt(token, 1, 3, 16);
                        modrm = true;
                        mask |= Selector.REGISTER | Selector.REG_MASK | Selector.RM_MASK;
                        value |= Selector.REGISTER
                                | (fixed >> 3 & 7) << Selector.REG_SHIFT
                                | (fixed & 7) << Selector.RM_SHIFT;
                    } else if (token.length() != 2 && !token.equals("VEX")) {
                        throw malformed(encoding);
                    }
                }
            }
        }
        for (OperandKind operand : operands) {
            switch (operand.method()) {
                case E, G, Q, P, V, W, S, C, D -> modrm = true;
                case M, VSIB -> {
                    modrm = true;
                    mask |= Selector.REGISTER;
                }
                case R, N, U -> {
                    modrm = true;
                    if ((attributes & Attribute.REGISTER_FORM.mask()) == 0) {
                        mask |= Selector.REGISTER;
                        value |= Selector.REGISTER;
                    }
                }
                default -> {
                }
            }
        }
        return new EncodingMatch(OpcodeMap.of(key >> 8), key & 0xff, mask, value, modrm);
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException("malformed opcode table: " + text);
    }
}
