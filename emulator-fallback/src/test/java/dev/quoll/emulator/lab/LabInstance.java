package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OpcodeRow;

/**
 * Code to compare on many states.
 *
 * @param decoded what it is: one instruction, or none
 * @param row what it was made for, and counts for if that is what it is
 * @param wide whether it is 64-bit code, else 32-bit code
 * @param address where it stands
 * @param target linear address that the code itself fixes for its memory operand, or 0
 * @param program whether more instructions follow the one that was decoded
 */
record LabInstance(byte[] code, Decoded decoded, OpcodeRow row, boolean wide, long address, long target, boolean program) {
    /** The instruction, or null where there is none. */
    Instruction instruction() {
        return decoded instanceof Instruction instruction ? instruction : null;
    }

    /** Whether it may go on elsewhere than behind itself. */
    boolean branches() {
        return decoded instanceof Instruction instruction && instruction.row().flow() != ControlFlow.NEXT;
    }

    /** Whether a byte stands among its first, legacy prefixes. */
    boolean prefixed(int prefix) {
        for (byte value : code) {
            if ((value & 0xff) == prefix) {
                return true;
            }
            if (!isPrefix(value & 0xff)) {
                return false;
            }
        }
        return false;
    }

    private boolean isPrefix(int value) {
        return switch (value) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> wide && (value & 0xf0) == 0x40;
        };
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(wide ? "64-bit" : "32-bit");
        for (byte value : code) {
            text.append(" %02x".formatted(value));
        }
        text.append((program ? " at %#x, a program: " : " at %#x: ").formatted(address));
        return decoded instanceof Instruction instruction
                ? text.append(instruction).append(" (").append(instruction.row().encoding()).append(')').toString()
                : text.append("no instruction, made for ").append(row.mnemonic()).toString();
    }
}
