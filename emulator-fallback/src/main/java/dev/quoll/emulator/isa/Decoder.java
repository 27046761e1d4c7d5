package dev.quoll.emulator.isa;

import dev.quoll.emulator.isa.Operand.FarPointer;
import dev.quoll.emulator.isa.Operand.Immediate;
import dev.quoll.emulator.isa.Operand.Memory;
import dev.quoll.emulator.isa.Operand.Relative;

/// Decodes instructions for a processor with a given set of features.
///
/// Not safe for use by several threads at once: each vCPU has its own.
///
/// What depends on more than the bytes and the code size is not decided here: VEX in real mode, [Attribute#PROTECTED_MODE],
/// privilege, CR0.EM and the like are the executor's.
public final class Decoder {
    /// The longest instruction in bytes.
    public static final int MAX_LENGTH = 15;

    // Map and opcode of the two undefined instructions that have a ModRM byte.
    private static final int UD0 = 0x1ff;
    private static final int UD1 = 0x1b9;

    // Kinds of bytes before the opcode, by value; 0 is an opcode.
    private static final byte[] PREFIX_KIND = new byte[256];
    private static final int SEGMENT_PREFIX = 1;
    private static final int OPERAND_SIZE_PREFIX = 2;
    private static final int ADDRESS_SIZE_PREFIX = 3;
    private static final int LOCK_PREFIX = 4;
    private static final int REPEAT_PREFIX = 5;
    private static final int REX_PREFIX = 6;

    private static final Operand[] NO_OPERANDS = {};
    private static final Immediate ONE = new Immediate(1, 1);
    /// CR0, CR2, CR3, CR4 and CR8.
    private static final int CONTROL_REGISTERS = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8;

    // Base and index of 16-bit addressing by ModRM.rm (SDM vol. 2, table 2-1).
    static final byte[] BASE16 = {3, 3, 5, 5, 6, 7, 5, 3};
    static final byte[] INDEX16 = {6, 7, 6, 7, -1, -1, -1, -1};

    static {
        for (int prefix : new int[] {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}) {
            PREFIX_KIND[prefix] = SEGMENT_PREFIX;
        }
        PREFIX_KIND[0x66] = OPERAND_SIZE_PREFIX;
        PREFIX_KIND[0x67] = ADDRESS_SIZE_PREFIX;
        PREFIX_KIND[0xf0] = LOCK_PREFIX;
        PREFIX_KIND[0xf2] = REPEAT_PREFIX;
        PREFIX_KIND[0xf3] = REPEAT_PREFIX;
        for (int prefix = 0x40; prefix <= 0x4f; prefix++) {
            PREFIX_KIND[prefix] = REX_PREFIX;
        }
    }

    private final long features;

    // The instruction being decoded.
    private byte[] code;
    private int start;
    private int end;
    private int limit;
    private int position;
    private boolean mode64;
    private int modrm;
    private int opcode;
    private int prefixes;
    private int vvvv;
    private int operandSize;
    private int addressSize;
    private int vectorLength;
    private Segment segmentOverride;
    private boolean invalid;
    private boolean overrun;
    private Memory memory;

    /// Creates a decoder for a processor with these features.
    ///
    /// @param features [CpuFeature#mask] bits; rows of an absent feature are invalid or decode as their older meaning
    public Decoder(long features) {
        this.features = features | CpuFeature.BASE.mask();
    }

    /// Decodes the instruction at `code[offset]`.
    ///
    /// @param limit end of the valid bytes in `code`; 15 bytes are always enough
    public Decoded decode(byte[] code, int offset, int limit, CodeSize mode) {
        this.code = code;
        this.start = offset;
        this.limit = limit;
        this.end = Math.min(limit, offset + MAX_LENGTH);
        mode64 = mode == CodeSize.BITS64;
        prefixes = 0;
        vvvv = 0;
        vectorLength = 16;
        segmentOverride = null;
        invalid = false;
        overrun = false;
        memory = null;

        int p = offset;
        int rex = 0;
        int kind;
        int current;
        while (true) {
            if (p >= end) {
                return endOfBytes();
            }
            current = code[p++] & 0xff;
            kind = PREFIX_KIND[current];
            if (kind == 0 || kind == REX_PREFIX && !mode64) {
                break;
            }
            if (kind == REX_PREFIX) {
                rex = current;
            } else {
                // A REX prefix counts only right before the opcode (SDM vol. 2, 2.2.1).
                rex = 0;
                legacyPrefix(kind, current);
            }
        }
        if (rex != 0) {
            prefixes |= Prefixes.REX | (rex & 15) << Prefixes.REX_SHIFT;
        }

        int map = 0;
        if (current == 0x0f) {
            if (p >= end) {
                return endOfBytes();
            }
            current = code[p++] & 0xff;
            map = 1;
            if (current == 0x38 || current == 0x3a) {
                map = current == 0x38 ? 2 : 3;
                if (p >= end) {
                    return endOfBytes();
                }
                current = code[p++] & 0xff;
            }
        } else if ((current & 0xfe) == 0xc4) {
            if (p >= end) {
                return endOfBytes();
            }
            // LES and LDS outside of 64-bit code, which has neither; a REX prefix makes them come back, to no avail.
            if (mode64 ? rex == 0 : (code[p] & 0xc0) == 0xc0) {
                boolean three = current == 0xc4;
                if (p + (three ? 3 : 2) > end) {
                    return endOfBytes();
                }
                map = vexPrefix(three, p);
                if (map == 0) {
                    return undefinedVex(three, p, mode);
                }
                p += three ? 2 : 1;
                current = code[p++] & 0xff;
            }
        }
        opcode = current;
        position = p;
        return opcode(map << 8 | current, mode);
    }

    private void legacyPrefix(int kind, int prefix) {
        switch (kind) {
            case OPERAND_SIZE_PREFIX -> prefixes |= Prefixes.OPERAND_SIZE;
            case ADDRESS_SIZE_PREFIX -> prefixes |= Prefixes.ADDRESS_SIZE;
            case LOCK_PREFIX -> prefixes |= Prefixes.LOCK;
            case REPEAT_PREFIX -> prefixes = prefixes & ~(Prefixes.REP | Prefixes.REPNE)
                    | (prefix == 0xf3 ? Prefixes.REP : Prefixes.REPNE);
            default -> {
                int number = prefix >= 0x64 ? prefix - 0x60 : prefix >> 3 & 3;
                prefixes = prefixes & ~Prefixes.SEGMENT_MASK | number + 1 << Prefixes.SEGMENT_SHIFT;
                // In 64-bit code only FS and GS have a base, and the other prefixes do not undo them.
                if (!mode64 || number >= 4) {
                    segmentOverride = Segment.of(number);
                    prefixes = prefixes & ~Prefixes.OVERRIDE_MASK | number + 1 << Prefixes.OVERRIDE_SHIFT;
                }
            }
        }
    }

    /// Reads the payload of a VEX prefix (SDM vol. 2, 2.3.5) and returns its map, 0 if it is not a valid one.
    private int vexPrefix(boolean three, int p) {
        int illegal = Prefixes.LOCK | Prefixes.REP | Prefixes.REPNE | Prefixes.OPERAND_SIZE;
        boolean valid = (prefixes & illegal) == 0;
        int first = code[p] & 0xff;
        int last = three ? code[p + 1] & 0xff : first;
        int rex = (first ^ 0xff) >> 5 & 4;
        int map = 1;
        if (three) {
            rex = (first ^ 0xff) >> 5 | last >> 4 & 8;
            map = first & 31;
        }
        if (!mode64) {
            // Only eight registers, and W does not widen general registers.
            rex = 0;
        }
        vvvv = (last ^ 0xff) >> 3 & 15;
        vectorLength = (last & 4) != 0 ? 32 : 16;
        prefixes |= Prefixes.VEX | rex << Prefixes.REX_SHIFT;
        if (three && (last & 0x80) != 0) {
            prefixes |= Prefixes.REX_W;
        }
        prefixes |= switch (last & 3) {
            case 1 -> Prefixes.OPERAND_SIZE;
            case 2 -> Prefixes.REP;
            case 3 -> Prefixes.REPNE;
            default -> 0;
        };
        return valid && map >= 1 && map <= 3 ? map + 3 : 0;
    }

    private Decoded opcode(int mapAndOpcode, CodeSize mode) {
        OpcodeGroup group = OpcodeTable.group(mapAndOpcode);
        int opcodeEnd = position;
        boolean size66 = (prefixes & (Prefixes.OPERAND_SIZE | Prefixes.VEX)) == Prefixes.OPERAND_SIZE;
        boolean wide = (prefixes & Prefixes.REX_W) != 0 && mode64;
        int raw = wide ? 8 : size66 != (mode == CodeSize.BITS16) ? 2 : 4;
        addressSize = addressSize(mode);

        int selector = (raw >> 2) << Selector.OPERAND_SIZE_SHIFT | (addressSize >> 2) << Selector.ADDRESS_SIZE_SHIFT;
        selector |= (prefixes & Prefixes.REP) != 0 ? 2
                : (prefixes & Prefixes.REPNE) != 0 ? 3
                : (prefixes & Prefixes.OPERAND_SIZE) != 0 ? 1 : 0;
        if (mode64) {
            selector |= Selector.MODE64;
        }
        if ((prefixes & Prefixes.REX_W) != 0) {
            selector |= Selector.W;
        }
        if ((prefixes & Prefixes.REX_B) != 0) {
            selector |= Selector.REX_B;
        }
        if (vectorLength == 32) {
            selector |= Selector.L;
        }
        if (group.modrm) {
            if (position >= end) {
                return cutOff(mapAndOpcode, position);
            }
            modrm = code[position++];
            selector |= (modrm >> 3 & 7) << Selector.REG_SHIFT | (modrm & 7) << Selector.RM_SHIFT;
            if ((modrm & 0xc0) == 0xc0) {
                selector |= Selector.REGISTER;
            }
        }
        OpcodeGroup.Candidate candidate = group.find(selector, features);
        if (candidate == null) {
            return undefined(mapAndOpcode >> 8, group.modrm, (prefixes & Prefixes.VEX) != 0 ? 4 : Math.min(raw, 4));
        }
        operandSize = operandSize(candidate, raw, mode);

        OperandKind[] kinds = candidate.operands;
        if (group.modrm && (modrm & 0xc0) != 0xc0 && !candidate.has(Attribute.REGISTER_FORM)) {
            OperandKind addressed = candidate.addressed;
            addressForm(addressed == null ? 0 : memorySize(addressed.size()));
        }
        Operand[] operands = kinds.length == 0 ? NO_OPERANDS : new Operand[kinds.length];
        for (int i = 0; i < kinds.length; i++) {
            operands[i] = operand(kinds[i]);
        }
        if (overrun) {
            return cutOff(mapAndOpcode, opcodeEnd);
        }
        if ((prefixes & Prefixes.LOCK) != 0
                && !(candidate.has(Attribute.LOCKABLE) && operands[0] instanceof Memory)) {
            invalid = true;
        }
        // Unused VEX.vvvv has to be 1111b (SDM vol. 2, 2.3.5.6); it is set to 0 where an operand used it.
        if (vvvv != 0) {
            invalid = true;
        }
        if (invalid) {
            return new Decoded.InvalidOpcode(position - start);
        }
        return new Instruction(
                candidate.row,
                mode,
                position - start,
                operandSize,
                addressSize,
                vectorLength,
                opcode,
                modrm & 0xff,
                prefixes,
                repeat(candidate),
                operands);
    }

    private int addressSize(CodeSize mode) {
        return (prefixes & Prefixes.ADDRESS_SIZE) == 0 ? mode.bytes() : mode == CodeSize.BITS32 ? 2 : 4;
    }

    private int operandSize(OpcodeGroup.Candidate candidate, int raw, CodeSize mode) {
        if (mode64) {
            if (candidate.has(Attribute.FORCE64) || candidate.has(Attribute.NATIVE)) {
                return 8;
            }
            if (candidate.has(Attribute.DEFAULT64)) {
                return raw == 4 ? 8 : raw;
            }
            if (candidate.has(Attribute.MAX32)) {
                return Math.min(raw, 4);
            }
        } else if (candidate.has(Attribute.NATIVE)) {
            return 4;
        }
        if (candidate.prefix66 && raw != 8) {
            return mode == CodeSize.BITS16 ? 2 : 4;
        }
        return raw;
    }

    // ---- what is no instruction

    /// Takes what is left of an opcode that does not exist, see [UndefinedOpcode].
    private Decoded undefined(int map, boolean modrmTaken, int immediateSize) {
        boolean xop = map == 0 && opcode == 0x8f && (prefixes & Prefixes.REX) == 0;
        if (xop) {
            // POP is /0; anything else starts AMD's XOP, whose first byte has the place of ModRM (APM vol. 3, 1.2.5).
            int xopMap = modrm & 31;
            position += 2;
            takeModrmAndAddress(map);
            skip(xopMap == 10 ? 4 : 0);
        } else {
            if (modrmTaken) {
                takeAddress(map);
            } else if (UndefinedOpcode.hasModrm(map, opcode)) {
                takeModrmAndAddress(map);
            }
            skip(UndefinedOpcode.immediateBytes(map, opcode, immediateSize));
        }
        return overrun ? endOfBytes() : new Decoded.InvalidOpcode(position - start);
    }

    /// A VEX prefix that must not be there or names no map.
    ///
    /// @param p offset of its payload
    private Decoded undefinedVex(boolean three, int p, CodeSize mode) {
        addressSize = addressSize(mode);
        int map = three ? code[p] & 31 : 1;
        position = p + (three ? 2 : 1);
        opcode = code[position++] & 0xff;
        return undefined(map >= 1 && map <= 3 ? map + 3 : UndefinedOpcode.NO_MAP, false, 4);
    }

    private void takeModrmAndAddress(int map) {
        if (position >= end) {
            overrun = true;
            return;
        }
        modrm = code[position++];
        takeAddress(map);
    }

    private void takeAddress(int map) {
        if ((modrm & 0xc0) != 0xc0 && !UndefinedOpcode.isRegisterForm(map, opcode)) {
            addressForm(0);
        }
    }

    private void skip(int bytes) {
        if (bytes > end - position) {
            overrun = true;
        } else {
            position += bytes;
        }
    }

    private Repeat repeat(OpcodeGroup.Candidate candidate) {
        if ((prefixes & (Prefixes.REP | Prefixes.REPNE)) != 0) {
            if (candidate.has(Attribute.REP)) {
                return Repeat.REP;
            }
            if (candidate.has(Attribute.REPCC)) {
                return (prefixes & Prefixes.REP) != 0 ? Repeat.REP : Repeat.REPNE;
            }
        }
        return Repeat.NONE;
    }

    /// An instruction that the bytes end in behind its opcode. Of UD0 and UD1 the opcode is enough: AMD's processors fetch no
    /// ModRM byte before they raise #UD.
    private Decoded cutOff(int mapAndOpcode, int opcodeEnd) {
        return mapAndOpcode == UD0 || mapAndOpcode == UD1 ? new Decoded.InvalidOpcode(opcodeEnd - start) : endOfBytes();
    }

    private Decoded endOfBytes() {
        return end < limit || end - start >= MAX_LENGTH ? Decoded.TooLong.INSTANCE : Decoded.Truncated.INSTANCE;
    }

    // ---- memory operands

    /// Reads SIB and displacement of a ModRM byte that names memory of `size` bytes.
    private void addressForm(int size) {
        memory = addressSize == 2 ? address16(size) : address32or64(size);
    }

    private Memory address16(int size) {
        int mod = modrm >> 6 & 3;
        int rm = modrm & 7;
        if (mod == 0 && rm == 6) {
            return memory(Segment.DS, Memory.NONE, Memory.NONE, 0, fetchSigned(2), size);
        }
        int base = BASE16[rm];
        long displacement = mod == 0 ? 0 : fetchSigned(mod);
        return memory(base == 5 ? Segment.SS : Segment.DS, base, INDEX16[rm], 0, displacement, size);
    }

    private Memory address32or64(int size) {
        int mod = modrm >> 6 & 3;
        int rm = modrm & 7;
        if (rm != 4) {
            if (mod == 0 && rm == 5) {
                return memory(Segment.DS, mode64 ? Memory.RIP : Memory.NONE, Memory.NONE, 0, fetchSigned(4), size);
            }
            int base = rm | ((prefixes & Prefixes.REX_B) != 0 ? 8 : 0);
            long displacement = mod == 0 ? 0 : fetchSigned(mod == 1 ? 1 : 4);
            return memory(base == 5 ? Segment.SS : Segment.DS, base, Memory.NONE, 0, displacement, size);
        }
        if (position >= end) {
            overrun = true;
            return null;
        }
        int sib = code[position++];
        int index = sib >> 3 & 7 | ((prefixes & Prefixes.REX_X) != 0 ? 8 : 0);
        int base = sib & 7;
        int scale = sib >> 6 & 3;
        if (base == 5 && mod == 0) {
            base = Memory.NONE;
        } else if ((prefixes & Prefixes.REX_B) != 0) {
            base |= 8;
        }
        long displacement = mod == 1 ? fetchSigned(1) : mod == 2 || base == Memory.NONE ? fetchSigned(4) : 0;
        // Index 4 is none; gathers, where it is a register, look at the SIB byte again.
        return memory(
                base == 4 || base == 5 ? Segment.SS : Segment.DS,
                base,
                index == 4 ? Memory.NONE : index,
                index == 4 ? 0 : scale,
                displacement,
                size);
    }

    private Memory memory(Segment segment, int base, int index, int scaleShift, long displacement, int size) {
        boolean overridden = segmentOverride != null;
        return new Memory(
                overridden ? segmentOverride : segment,
                overridden,
                base,
                index,
                scaleShift,
                displacement,
                size,
                addressSize);
    }

    // ---- operands

    private Operand operand(OperandKind kind) {
        OperandKind.Size size = kind.size();
        return switch (kind.method()) {
            case E -> isRegister() ? general(rm(), registerSize(size)) : memory;
            case G -> general(reg(), registerSize(size));
            case R -> general(rm(), registerSize(size));
            case M -> memory;
            case Z -> general(opcode & 7 | ((prefixes & Prefixes.REX_B) != 0 ? 8 : 0), registerSize(size));
            case B -> general(takeVvvv(), registerSize(size));
            case I -> immediate(size);
            case SIGNED_BYTE -> new Immediate(fetchSigned(1), operandSize);
            case J -> new Relative(fetchSigned(size == OperandKind.Size.B ? 1 : Math.min(operandSize, 4)));
            case A -> farPointer();
            case O -> absolute(memorySize(size));
            case X -> string(Segment.DS, 6, memorySize(size));
            case Y -> new Memory(Segment.ES, false, 7, Memory.NONE, 0, 0, memorySize(size), addressSize);
            case BX -> string(Segment.DS, 3, memorySize(size));
            case S -> segment(kind);
            case C -> control();
            case D -> debug();
            case P -> Registers.mmx(modrm >> 3 & 7);
            case Q -> isRegister() ? Registers.mmx(modrm & 7) : memory;
            case N -> Registers.mmx(modrm & 7);
            case V -> Registers.vector(reg(), vectorSize(size));
            case W -> isRegister() ? Registers.vector(rm(), vectorSize(size)) : memory;
            case U -> Registers.vector(rm(), vectorSize(size));
            case H -> Registers.vector(takeVvvv(), vectorSize(size));
            case L -> Registers.vector((int) fetchSigned(1) >> 4 & (mode64 ? 15 : 7), vectorSize(size));
            case VSIB -> gather();
            case ST -> Registers.x87(0);
            case ST_I -> Registers.x87(modrm & 7);
            case FIXED_GPR -> Registers.general(kind.number(), registerSize(size));
            case FIXED_SEGMENT -> Registers.segment(kind.number());
            case FIXED_XMM -> Registers.vector(0, 16);
            case ONE -> ONE;
        };
    }

    private boolean isRegister() {
        return (modrm & 0xc0) == 0xc0;
    }

    private int reg() {
        return modrm >> 3 & 7 | ((prefixes & Prefixes.REX_R) != 0 ? 8 : 0);
    }

    private int rm() {
        return modrm & 7 | ((prefixes & Prefixes.REX_B) != 0 ? 8 : 0);
    }

    private int takeVvvv() {
        // Outside 64-bit code its top bit is ignored where an operand uses the field (SDM vol. 2, 2.3.5.6).
        int number = vvvv & (mode64 ? 15 : 7);
        vvvv = 0;
        return number;
    }

    private Operand general(int number, int size) {
        return size == 1
                ? Registers.generalByte(number, (prefixes & Prefixes.REX) != 0)
                : Registers.general(number, size);
    }

    private int registerSize(OperandKind.Size size) {
        return switch (size) {
            case V_OR_W -> operandSize;
            case D_OR_B, D_OR_W -> 4;
            default -> memorySize(size);
        };
    }

    private int vectorSize(OperandKind.Size size) {
        return size == OperandKind.Size.X ? vectorLength : 16;
    }

    private int memorySize(OperandKind.Size size) {
        return switch (size) {
            case NONE -> 0;
            case B, D_OR_B -> 1;
            case W, V_OR_W, D_OR_W -> 2;
            case D -> 4;
            case Q -> 8;
            case DQ -> 16;
            case T -> 10;
            case V -> operandSize;
            case Z -> Math.min(operandSize, 4);
            case Y -> operandSize == 8 ? 8 : 4;
            case P -> operandSize + 2;
            case A2 -> operandSize * 2;
            case X -> vectorLength;
            case HALF -> vectorLength >> 1;
            case QUARTER -> vectorLength >> 2;
            case EIGHTH -> vectorLength >> 3;
        };
    }

    private Operand immediate(OperandKind.Size size) {
        return switch (size) {
            case B -> new Immediate(fetchSigned(1) & 0xff, 1);
            case W -> new Immediate(fetchSigned(2) & 0xffff, 2);
            case Z -> new Immediate(fetchSigned(Math.min(operandSize, 4)), operandSize);
            default -> new Immediate(fetchSigned(operandSize), operandSize);
        };
    }

    private Operand farPointer() {
        long offset = fetchSigned(operandSize) & (operandSize == 2 ? 0xffffL : 0xffff_ffffL);
        return new FarPointer((int) fetchSigned(2) & 0xffff, offset);
    }

    private Operand absolute(int size) {
        long offset = fetchSigned(addressSize);
        if (addressSize < 8) {
            offset &= (1L << addressSize * 8) - 1;
        }
        return new Memory(
                segmentOverride != null ? segmentOverride : Segment.DS,
                segmentOverride != null,
                Memory.NONE,
                Memory.NONE,
                0,
                offset,
                size,
                addressSize);
    }

    private Operand string(Segment segment, int base, int size) {
        return new Memory(
                segmentOverride != null ? segmentOverride : segment,
                segmentOverride != null,
                base,
                Memory.NONE,
                0,
                0,
                size,
                addressSize);
    }

    private Operand segment(OperandKind kind) {
        int number = modrm >> 3 & 7;
        // CS cannot be loaded by MOV (SDM vol. 2, MOV).
        if (number > 5 || number == 1 && kind.access().writes()) {
            invalid = true;
            return null;
        }
        return Registers.segment(number);
    }

    private Operand control() {
        int number = reg();
        if ((CONTROL_REGISTERS >> number & 1) == 0) {
            invalid = true;
        }
        return Registers.control(number, operandSize);
    }

    private Operand debug() {
        int number = reg();
        if (number > 7) {
            invalid = true;
        }
        return Registers.debug(number, operandSize);
    }

    /// Destination, index and mask of a gather are three registers (SDM vol. 2, VGATHERDPD).
    private Operand gather() {
        if (memory == null) {
            return null;
        }
        int index = memory.index() == Memory.NONE ? 4 : memory.index();
        int mask = vvvv & (mode64 ? 15 : 7);
        if ((modrm & 7) != 4 || addressSize == 2 || index == reg() || index == mask || mask == reg()) {
            invalid = true;
        }
        return new Memory(
                memory.segment(),
                memory.overridden(),
                memory.base(),
                index,
                memory.index() == Memory.NONE ? scaleOfSib() : memory.scaleShift(),
                memory.displacement(),
                memory.size(),
                addressSize);
    }

    private int scaleOfSib() {
        int displacementBytes = switch (modrm >> 6 & 3) {
            case 0 -> memory.base() == Memory.NONE ? 4 : 0;
            case 1 -> 1;
            default -> 4;
        };
        return code[position - displacementBytes - 1] >> 6 & 3;
    }

    // ---- bytes

    /// Takes 1, 2, 4 or 8 bytes, sign-extended; past the end it sets [#overrun] and returns 0.
    private long fetchSigned(int size) {
        int p = position;
        if (size > end - p || overrun) {
            overrun = true;
            return 0;
        }
        position = p + size;
        return switch (size) {
            case 1 -> code[p];
            case 2 -> (short) (code[p] & 0xff | code[p + 1] << 8);
            case 4 -> int32(p);
            default -> int32(p) & 0xffff_ffffL | (long) int32(p + 4) << 32;
        };
    }

    private int int32(int p) {
        return code[p] & 0xff | (code[p + 1] & 0xff) << 8 | (code[p + 2] & 0xff) << 16 | code[p + 3] << 24;
    }
}
