package dev.quoll.emulator.isa;

import dev.quoll.emulator.isa.Operand.FarPointer;
import dev.quoll.emulator.isa.Operand.Immediate;
import dev.quoll.emulator.isa.Operand.Memory;
import dev.quoll.emulator.isa.Operand.Register;
import dev.quoll.emulator.isa.Operand.Relative;
import java.util.Arrays;

/// Encodes instances of opcode rows: the inverse of [Decoder], driven by the same table.
///
/// Among several encodings of an instruction it takes the shortest displacement and the two-byte VEX prefix where they fit.
/// Not safe for use by several threads at once.
public final class InstructionEncoder {

    /// What is encoded beside row and operands.
    ///
    /// @param operandSize 2, 4 or 8 bytes
    /// @param addressSize 2, 4 or 8 bytes
    /// @param vectorLength 16 or 32 bytes
    public record Shape(int operandSize, int addressSize, int vectorLength, boolean lock, Repeat rep) {

        /// Returns the shape of a decoded instruction.
        public static Shape of(Instruction instruction) {
            return new Shape(
                    instruction.operandSize(),
                    instruction.addressSize(),
                    instruction.vectorLength(),
                    instruction.lock(),
                    instruction.rep());
        }
    }

    private final CodeSize mode;
    private final byte[] out = new byte[32];
    private int length;

    // The fields of the instruction being encoded.
    private OpcodeRow row;
    private Shape shape;
    private int reg;
    private int rm;
    private Memory memory;
    private int vvvv;
    private int rex;
    private boolean rexNeeded;
    private boolean rexForbidden;
    private Segment segment;

    /// Creates an encoder for code segments of one size.
    public InstructionEncoder(CodeSize mode) {
        this.mode = mode;
    }

    /// Encodes a decoded instruction with other operands.
    ///
    /// @throws IllegalArgumentException if the row has no encoding for them
    public byte[] encode(Instruction instruction, Operand... operands) {
        return encode(instruction.row(), Shape.of(instruction), operands);
    }

    /// Encodes an instance of a row.
    ///
    /// @param operands one for each of the row's operands; of implicit ones only a segment override matters
    /// @throws IllegalArgumentException if the row has no encoding for them
    public byte[] encode(OpcodeRow row, Shape shape, Operand... operands) {
        if (operands.length != row.operands().size()) {
            throw new IllegalArgumentException(row.encoding() + " has " + row.operands().size() + " operands");
        }
        this.row = row;
        this.shape = shape;
        length = 0;
        rm = 0;
        vvvv = 0;
        rex = 0;
        rexNeeded = false;
        rexForbidden = false;
        memory = null;
        segment = null;
        int selector = row.match().value();
        // Where neither row nor operand says ModRM.reg, only 7 is no special case of the row (NOP of 0F 18 to 0F 1F).
        reg = (row.match().mask() & Selector.REG_MASK) != 0 ? selector >> Selector.REG_SHIFT & 7 : 7;
        if ((row.match().mask() & Selector.RM_MASK) != 0) {
            rm = selector >> Selector.RM_SHIFT & 7;
        }
        for (int i = 0; i < operands.length; i++) {
            place(row.operands().get(i), operands[i]);
        }
        prefixes();
        if (row.match().modrm()) {
            modrm();
        }
        for (int i = 0; i < operands.length; i++) {
            immediate(row.operands().get(i), operands[i]);
        }
        return Arrays.copyOf(out, length);
    }

    // ---- operands to fields

    private void place(OperandKind kind, Operand operand) {
        switch (kind.method()) {
            case E, M, R, Q, N, W, U, VSIB, ST_I -> {
                if (operand instanceof Memory value) {
                    memory = value;
                    override(value);
                    rex |= (value.base() > 7 && value.base() != Memory.RIP ? 1 : 0) | (value.index() > 7 ? 2 : 0);
                } else {
                    rm = register(operand);
                    rex |= rm >> 3;
                }
            }
            case G, P, V, S, C, D -> {
                reg = register(operand);
                rex |= reg >> 3 << 2;
            }
            case B, H -> vvvv = register(operand);
            case Z -> {
                int number = register(operand);
                if ((number & 7) != (row.match().opcode() & 7)) {
                    throw new IllegalArgumentException("register " + number + " is another row than " + row.encoding());
                }
                rex |= number >> 3;
            }
            case O, X, BX -> override((Memory) operand);
            default -> {
            }
        }
    }

    private int register(Operand operand) {
        if (!(operand instanceof Register register)) {
            throw new IllegalArgumentException(row.encoding() + " needs a register and not " + operand);
        }
        if (register.cls() == RegisterClass.GPR8_HIGH) {
            rexForbidden = true;
            return register.number() + 4;
        }
        if (register.cls() == RegisterClass.GPR && register.size() == 1 && register.number() >= 4) {
            rexNeeded = true;
        }
        return register.number();
    }

    private void override(Memory operand) {
        if (operand.overridden()) {
            segment = operand.segment();
        }
    }

    // ---- prefixes and opcode

    private void prefixes() {
        EncodingMatch match = row.match();
        int mandatory = (match.mask() & Selector.PREFIX_MASK) == Selector.PREFIX_MASK
                ? match.value() & Selector.PREFIX_MASK
                : 0;
        boolean w = operandSizeNeedsW() || (match.mask() & match.value() & Selector.W) != 0;
        if (shape.lock()) {
            put(0xf0);
        }
        if (segment != null) {
            put(segment.ordinal() >= 4 ? 0x60 + segment.ordinal() : 0x26 + segment.ordinal() * 8);
        }
        if (shape.addressSize() != mode.bytes()) {
            put(0x67);
        }
        if (match.map().vex()) {
            vex(mandatory, w);
        } else {
            legacy(mandatory, w);
        }
        put(match.opcode());
    }

    private boolean operandSizeNeedsW() {
        if (mode != CodeSize.BITS64 || shape.operandSize() != 8) {
            return false;
        }
        return !row.has(Attribute.DEFAULT64) && !row.has(Attribute.FORCE64) && !row.has(Attribute.NATIVE);
    }

    private void legacy(int mandatory, boolean w) {
        int normal = mode == CodeSize.BITS16 ? 2 : 4;
        boolean other = shape.operandSize() == (normal == 2 ? 4 : 2);
        if (mandatory == 1 || other && !row.has(Attribute.NATIVE) && !(mode == CodeSize.BITS64 && row.has(Attribute.FORCE64))) {
            put(0x66);
        }
        if (mandatory >= 2) {
            put(mandatory == 2 ? 0xf3 : 0xf2);
        } else if (shape.rep() != Repeat.NONE) {
            put(shape.rep() == Repeat.REP ? 0xf3 : 0xf2);
        }
        int bits = rex | (w ? 8 : 0);
        if (bits != 0 || rexNeeded) {
            if (rexForbidden || mode != CodeSize.BITS64) {
                throw new IllegalArgumentException("no encoding of " + row.encoding() + " with these registers");
            }
            put(0x40 | bits);
        }
        switch (row.match().map()) {
            case TWO_BYTE -> put(0x0f);
            case MAP_0F38 -> {
                put(0x0f);
                put(0x38);
            }
            case MAP_0F3A -> {
                put(0x0f);
                put(0x3a);
            }
            default -> {
            }
        }
    }

    private void vex(int mandatory, boolean w) {
        if (mode != CodeSize.BITS64 && (rex != 0 || vvvv > 7)) {
            throw new IllegalArgumentException("no encoding of " + row.encoding() + " with these registers");
        }
        // The pp field numbers F3 and F2 like the selector (SDM vol. 2, 2.3.6.1).
        int last = (~vvvv & 15) << 3 | (shape.vectorLength() == 32 ? 4 : 0) | mandatory;
        if (row.match().map() == OpcodeMap.VEX_0F && (rex & 3) == 0 && !w) {
            put(0xc5);
            put((~rex & 4) << 5 | last);
        } else {
            put(0xc4);
            put((~rex & 7) << 5 | row.match().map().ordinal() - OpcodeMap.VEX_0F.ordinal() + 1);
            put((w ? 0x80 : 0) | last);
        }
    }

    // ---- ModRM

    private void modrm() {
        if (memory == null) {
            put(0xc0 | (reg & 7) << 3 | rm & 7);
        } else if (shape.addressSize() == 2) {
            memory16();
        } else {
            memory32or64();
        }
    }

    private void memory16() {
        if (memory.base() == Memory.NONE && memory.index() == Memory.NONE) {
            put((reg & 7) << 3 | 6);
            putNumber(memory.displacement(), 2);
            return;
        }
        for (int form = 0; form < 8; form++) {
            if (Decoder.BASE16[form] == memory.base() && Decoder.INDEX16[form] == memory.index()) {
                int mod = displacementMod(form == 6);
                put(mod << 6 | (reg & 7) << 3 | form);
                putNumber(memory.displacement(), mod);
                return;
            }
        }
        throw new IllegalArgumentException("no 16-bit address of " + memory);
    }

    private void memory32or64() {
        int field = (reg & 7) << 3;
        int base = memory.base();
        boolean plain = memory.index() == Memory.NONE;
        if (base == Memory.RIP || base == Memory.NONE && plain && mode != CodeSize.BITS64) {
            put(field | 5);
            putNumber(memory.displacement(), 4);
            return;
        }
        if (plain && base != Memory.NONE && (base & 7) != 4) {
            int mod = displacementMod((base & 7) == 5);
            put(mod << 6 | field | base & 7);
            putNumber(memory.displacement(), mod == 2 ? 4 : mod);
            return;
        }
        boolean vectorIndex = row.operands().stream().anyMatch(kind -> kind.method() == OperandKind.Method.VSIB);
        if (memory.index() == 4 && !vectorIndex) {
            throw new IllegalArgumentException("rSP cannot be an index: " + memory);
        }
        int mod = base == Memory.NONE ? 0 : displacementMod((base & 7) == 5);
        int index = plain ? 4 : memory.index() & 7;
        put(mod << 6 | field | 4);
        put(memory.scaleShift() << 6 | index << 3 | (base == Memory.NONE ? 5 : base & 7));
        putNumber(memory.displacement(), base == Memory.NONE || mod == 2 ? 4 : mod);
    }

    private int displacementMod(boolean needed) {
        long displacement = memory.displacement();
        return displacement == 0 && !needed ? 0 : displacement == (byte) displacement ? 1 : 2;
    }

    // ---- immediates

    private void immediate(OperandKind kind, Operand operand) {
        switch (kind.method()) {
            case I -> putNumber(((Immediate) operand).value(), immediateSize(kind.size()));
            case SIGNED_BYTE -> putNumber(((Immediate) operand).value(), 1);
            case J -> {
                int size = kind.size() == OperandKind.Size.B ? 1 : Math.min(shape.operandSize(), 4);
                putNumber(((Relative) operand).displacement(), size);
            }
            case A -> {
                FarPointer pointer = (FarPointer) operand;
                putNumber(pointer.offset(), shape.operandSize());
                putNumber(pointer.selector(), 2);
            }
            case O -> putNumber(((Memory) operand).displacement(), shape.addressSize());
            case L -> put(register(operand) << 4);
            default -> {
            }
        }
    }

    private int immediateSize(OperandKind.Size size) {
        return switch (size) {
            case B -> 1;
            case W -> 2;
            case Z -> Math.min(shape.operandSize(), 4);
            default -> shape.operandSize();
        };
    }

    private void put(int value) {
        out[length++] = (byte) value;
    }

    private void putNumber(long value, int size) {
        for (int i = 0; i < size; i++) {
            put((int) (value >> 8 * i));
        }
    }
}
