package dev.quoll.emulator.oracle;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import java.util.List;

/**
 * One encoded instruction.
 *
 * @param operands in the order of the row
 * @param target linear address its memory operand is meant to have, 0 without one and for one the opcode implies
 */
public record Instance(OpcodeRow row, byte[] code, List<Operand> operands, long target) {
    /** The explicit memory operand, or null. */
    public Operand.Memory memory() {
        for (Operand operand : operands) {
            if (operand instanceof Operand.Memory memory) {
                return memory;
            }
        }
        return null;
    }

    /** Sets base and index registers so that the memory operand lies at {@link #target}. */
    public void aim(CpuState state, long anyIndex) {
        Operand.Memory memory = memory();
        if (memory == null
                || target == 0
                || memory.base() == Operand.Memory.RIP
                || memory.base() == Operand.Memory.NONE && memory.index() == Operand.Memory.NONE
                || row.has(Attribute.ADDRESS_ONLY)) {
            return;
        }
        long offset = target - memory.displacement();
        if (gathers()) {
            state.gpr[memory.base()] = offset;
            return;
        }
        if (memory.base() == Operand.Memory.NONE) {
            state.gpr[memory.index()] = offset >> memory.scaleShift();
            return;
        }
        if (memory.index() != Operand.Memory.NONE) {
            state.gpr[memory.index()] = anyIndex;
            offset -= anyIndex << memory.scaleShift();
        }
        state.gpr[memory.base()] = offset;
    }

    /** Whether the index is a vector register. */
    public boolean gathers() {
        return row.operands().stream().anyMatch(kind -> kind.method() == OperandKind.Method.VSIB);
    }

    /** Whether the register takes part in the address of the explicit memory operand. */
    public boolean addresses(int register) {
        Operand.Memory memory = memory();
        return memory != null && (memory.base() == register || memory.index() == register);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(row.mnemonic() + " (" + row.encoding() + ")");
        for (byte value : code) {
            text.append(" %02x".formatted(value));
        }
        return text.append(' ').append(operands).toString();
    }
}
