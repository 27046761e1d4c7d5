package dev.quoll.emulator.isa;

import java.util.List;

/// One line of the opcode table.
///
/// @param encoding the encoding column as written, for messages
/// @param mnemonic the manual's mnemonic
/// @param operands kinds of the operands, in the order of [Instruction#operand]
/// @param feature the CPUID feature without which the row does not exist
/// @param attributeMask [Attribute] bits, see [#has]
/// @param flow how execution continues
/// @param flagsRead [Flags] bits that it reads
/// @param flagsWritten flags that get a defined value (perhaps not always, see [Attribute#FLAGS_MAY_STAY])
/// @param flagsUndefined flags the manuals leave undefined after it; a processor may keep them (AMD's MUL keeps SF, ZF, AF and
///     PF, its BT all but CF), so that only [#flagsWritten] ends the life of an earlier value
/// @param implicitReads general registers read beyond the operands, bit n for register n; rCX of a repeated string
///     instruction is not among them
/// @param implicitWrites general registers written beyond the operands
/// @param exceptionClass class of the VEX exception tables (SDM vol. 2, 2.4), 0 outside VEX
/// @param match which encodings it stands for
public record OpcodeRow(
        String encoding,
        Mnemonic mnemonic,
        List<OperandKind> operands,
        CpuFeature feature,
        long attributeMask,
        ControlFlow flow,
        int flagsRead,
        int flagsWritten,
        int flagsUndefined,
        int implicitReads,
        int implicitWrites,
        int exceptionClass,
        EncodingMatch match) {

    public boolean has(Attribute attribute) {
        return (attributeMask & attribute.mask()) != 0;
    }

    /// Returns whether a ModRM byte follows the opcode.
    public boolean hasModrm() {
        return match.modrm();
    }

    /// Returns whether a block of straight-line code ends after it.
    public boolean terminal() {
        return flow != ControlFlow.NEXT || has(Attribute.SYSTEM);
    }

    /// Returns the access to the memory operand, [Access#NONE] if there is none.
    public Access memoryAccess() {
        for (OperandKind operand : operands) {
            if (operand.maybeMemory()) {
                return has(Attribute.ADDRESS_ONLY) ? Access.NONE : operand.access();
            }
        }
        return Access.NONE;
    }
}
