package dev.quoll.emulator.isa;

import dev.quoll.emulator.isa.Operand.FarPointer;
import dev.quoll.emulator.isa.Operand.Immediate;
import dev.quoll.emulator.isa.Operand.Memory;
import dev.quoll.emulator.isa.Operand.Register;
import dev.quoll.emulator.isa.Operand.Relative;

/// Operands in Intel syntax.
final class OperandText {
    private static final String[] BYTE = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
    private static final String[] HIGH_BYTE = {"ah", "ch", "dh", "bh"};
    private static final String[] WORD = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    private static final String[] SEGMENT = {"es", "cs", "ss", "ds", "fs", "gs"};

    private OperandText() {
    }

    static void append(StringBuilder out, Instruction instruction, int number, long rip) {
        OperandKind kind = instruction.row().operands().get(number);
        switch (instruction.operand(number)) {
            case Register register -> register(out, asNamed(register, instruction, kind), kind);
            case Memory memory -> memory(out, memory, instruction, kind);
            case Immediate immediate -> immediate(out, immediate, kind);
            case Relative relative -> {
                long target = rip + instruction.length() + relative.displacement();
                hex(out, truncate(target, instruction.operandSize()));
            }
            case FarPointer pointer -> {
                hex(out, pointer.selector());
                out.append(':');
                hex(out, pointer.offset());
            }
        }
    }

    /// GNU tools name a register by the operand size also where the instruction uses less of it: the source of a selector, the
    /// destination of a mask.
    private static Register asNamed(Register register, Instruction instruction, OperandKind kind) {
        boolean selector = kind.notation().equals("Ew") && switch (instruction.mnemonic()) {
            case MOV, LAR, LSL -> true;
            default -> false;
        };
        boolean mask = kind.notation().equals("Gd") && instruction.operandSize() == 8 && !instruction.vex();
        return selector || mask ? Registers.general(register.number(), instruction.operandSize()) : register;
    }

    /// Appends the address a RIP-relative operand refers to, as a comment.
    static void appendRipTarget(StringBuilder out, Instruction instruction, long rip) {
        Memory memory = instruction.memory();
        if (memory != null && memory.base() == Memory.RIP) {
            out.append(" # ");
            long target = rip + instruction.length() + memory.displacement();
            hex(out, truncate(target, memory.addressSize()));
        }
    }

    private static void register(StringBuilder out, Register register, OperandKind kind) {
        int number = register.number();
        switch (register.cls()) {
            case GPR -> general(out, number, register.size());
            case GPR8_HIGH -> out.append(HIGH_BYTE[number]);
            case SEGMENT -> out.append(SEGMENT[number]);
            case CONTROL -> out.append("cr").append(number);
            case DEBUG -> out.append("dr").append(number);
            case X87 -> {
                out.append("st");
                if (kind.method() == OperandKind.Method.ST_I) {
                    out.append('(').append(number).append(')');
                }
            }
            case MMX -> out.append("mm").append(number);
            case XMM -> out.append(register.size() == 32 ? "ymm" : "xmm").append(number);
        }
    }

    private static void general(StringBuilder out, int number, int size) {
        if (number >= 8) {
            out.append('r').append(number);
            switch (size) {
                case 1 -> out.append('b');
                case 2 -> out.append('w');
                case 4 -> out.append('d');
                default -> {
                }
            }
            return;
        }
        switch (size) {
            case 1 -> out.append(BYTE[number]);
            case 2 -> out.append(WORD[number]);
            case 4 -> out.append('e').append(WORD[number]);
            default -> out.append('r').append(WORD[number]);
        }
    }

    private static void memory(StringBuilder out, Memory memory, Instruction instruction, OperandKind kind) {
        boolean unnamed = kind.method() == OperandKind.Method.O;
        if (!unnamed) {
            out.append(
                    switch (instruction.mnemonic()) {
                        case CMPXCHG16B -> "OWORD PTR ";
                        case INVPCID, LDDQU, VLDDQU -> "";
                        default -> sizeName(memory.size());
                    });
        }
        boolean implicit = switch (kind.method()) {
            case X, Y, BX -> true;
            default -> false;
        };
        boolean absolute = memory.base() == Memory.NONE && memory.index() == Memory.NONE;
        if (memory.overridden() || implicit || absolute) {
            out.append(SEGMENT[memory.segment().ordinal()]).append(':');
        }
        if (absolute) {
            hex(out, truncate(memory.displacement(), memory.addressSize()));
            return;
        }
        out.append('[');
        if (memory.base() == Memory.RIP) {
            out.append(memory.addressSize() == 8 ? "rip" : "eip");
        } else if (memory.base() != Memory.NONE) {
            general(out, memory.base(), memory.addressSize());
        }
        if (memory.index() != Memory.NONE) {
            if (memory.base() != Memory.NONE) {
                out.append('+');
            }
            index(out, memory, instruction, kind);
        }
        long displacement = memory.displacement();
        if (displacement != 0) {
            out.append(displacement < 0 ? '-' : '+');
            hex(out, Math.abs(displacement));
        }
        out.append(']');
    }

    private static void index(StringBuilder out, Memory memory, Instruction instruction, OperandKind kind) {
        if (kind.method() == OperandKind.Method.VSIB) {
            boolean whole = instruction.vectorLength() == 32 && kind.number() == 0;
            out.append(whole ? "ymm" : "xmm").append(memory.index());
        } else {
            general(out, memory.index(), memory.addressSize());
        }
        if (memory.addressSize() != 2) {
            out.append('*').append(1 << memory.scaleShift());
        }
    }

    private static String sizeName(int size) {
        return switch (size) {
            case 1 -> "BYTE PTR ";
            case 2 -> "WORD PTR ";
            case 4 -> "DWORD PTR ";
            case 6 -> "FWORD PTR ";
            case 8 -> "QWORD PTR ";
            case 10 -> "TBYTE PTR ";
            case 16 -> "XMMWORD PTR ";
            case 32 -> "YMMWORD PTR ";
            default -> "";
        };
    }

    private static void immediate(StringBuilder out, Immediate immediate, OperandKind kind) {
        if (kind.method() == OperandKind.Method.ONE) {
            out.append('1');
        } else {
            hex(out, truncate(immediate.value(), immediate.size()));
        }
    }

    private static long truncate(long value, int size) {
        return size == 8 ? value : value & (1L << size * 8) - 1;
    }

    private static void hex(StringBuilder out, long value) {
        out.append("0x").append(Long.toHexString(value));
    }
}
