package dev.quoll.emulator.isa;

import java.util.List;

/// One decoded instruction. Immutable.
public final class Instruction implements Decoded {
    private final OpcodeRow row;
    private final CodeSize codeSize;
    private final int length;
    private final int operandSize;
    private final int addressSize;
    private final int vectorLength;
    private final int opcode;
    private final int modrm;
    private final int prefixes;
    private final Repeat rep;
    private final Operand[] operands;

    Instruction(
            OpcodeRow row,
            CodeSize codeSize,
            int length,
            int operandSize,
            int addressSize,
            int vectorLength,
            int opcode,
            int modrm,
            int prefixes,
            Repeat rep,
            Operand[] operands) {
        this.row = row;
        this.codeSize = codeSize;
        this.length = length;
        this.operandSize = operandSize;
        this.addressSize = addressSize;
        this.vectorLength = vectorLength;
        this.opcode = opcode;
        this.modrm = modrm;
        this.prefixes = prefixes;
        this.rep = rep;
        this.operands = operands;
    }

    /// Returns the line of the opcode table this is an instance of.
    public OpcodeRow row() {
        return row;
    }

    public Mnemonic mnemonic() {
        return row.mnemonic();
    }

    /// Returns the size of the code segment it was decoded for.
    public CodeSize codeSize() {
        return codeSize;
    }

    /// Returns the length in bytes, 1 to 15.
    public int length() {
        return length;
    }

    /// Returns the effective operand size in bytes: 2, 4 or 8. A byte operation shows in the size of its operands.
    public int operandSize() {
        return operandSize;
    }

    /// Returns the effective address size in bytes: 2, 4 or 8. It also sizes rCX and rSI/rDI of LOOP and string instructions.
    public int addressSize() {
        return addressSize;
    }

    /// Returns the vector length in bytes: 32 with VEX.L, else 16.
    public int vectorLength() {
        return vectorLength;
    }

    /// Returns the last opcode byte.
    public int opcode() {
        return opcode;
    }

    /// Returns the ModRM byte, 0 to 255; meaningless where the row has none.
    public int modrm() {
        return modrm;
    }

    /// Returns the condition code, 0 (O) to 15 (NLE), of JCC, SETCC and CMOVCC.
    public int condition() {
        return opcode & 15;
    }

    /// Returns whether a LOCK prefix is present; the row then is lockable and the destination memory.
    public boolean lock() {
        return (prefixes & Prefixes.LOCK) != 0;
    }

    /// Returns the repeat prefix of a string instruction, [Repeat#NONE] for every other instruction.
    public Repeat rep() {
        return rep;
    }

    /// Returns the last F2 or F3 prefix as it is written, [Repeat#NONE] without one or with VEX.
    public Repeat repeatPrefix() {
        boolean either = (prefixes & (Prefixes.REP | Prefixes.REPNE)) != 0 && !vex();
        return !either ? Repeat.NONE : (prefixes & Prefixes.REP) != 0 ? Repeat.REP : Repeat.REPNE;
    }

    /// Returns whether REX.W or VEX.W is there, whatever it does.
    public boolean rexW() {
        return (prefixes & Prefixes.REX_W) != 0;
    }

    /// Returns whether it is VEX-coded.
    public boolean vex() {
        return (prefixes & Prefixes.VEX) != 0;
    }

    /// Returns the segment of an implicit operand in DS that a prefix may override (MASKMOVDQU, MASKMOVQ, CLZERO).
    public Segment dataSegment() {
        int number = (prefixes & Prefixes.OVERRIDE_MASK) >> Prefixes.OVERRIDE_SHIFT;
        return number == 0 ? Segment.DS : Segment.of(number - 1);
    }

    /// Returns the prefixes as [Prefixes] bits.
    int prefixes() {
        return prefixes;
    }

    public int operandCount() {
        return operands.length;
    }

    /// Returns an operand; 0 is the destination in the order of the manuals.
    public Operand operand(int number) {
        return operands[number];
    }

    /// Returns all operands in the order of the manuals.
    public List<Operand> operands() {
        return List.of(operands);
    }

    /// Returns the memory operand (of MOVS and CMPS, the first of two), or null if there is none.
    public Operand.Memory memory() {
        for (Operand operand : operands) {
            if (operand instanceof Operand.Memory memory) {
                return memory;
            }
        }
        return null;
    }

    /// Returns the text of this instruction as if it were at address 0.
    @Override
    public String toString() {
        return Disassembler.text(this, 0);
    }
}
