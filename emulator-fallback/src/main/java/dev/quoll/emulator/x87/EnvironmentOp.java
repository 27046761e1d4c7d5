package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.fpu.FpException;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;

/**
 * FLDENV, FNSTENV, FRSTOR and FNSAVE in their four formats (SDM vol. 1, figures 8-9 to 8-12): 16 or 32 bits a field,
 * pointers as selector and offset in protected mode, as linear addresses in real and virtual-8086 mode.
 */
final class EnvironmentOp extends SimpleMemOp {
    private static final int FIELDS = 7;
    private static final int REGISTER_BYTES = 10;
    private static final int OPCODE = 0x7ff;
    /** Reserved upper halves of 32-bit fields are stored as ones. */
    private static final int RESERVED = 0xffff_0000;

    private final boolean load;
    private final boolean registers;
    /** Bytes of a field. */
    private final int field;
    /** Pointers are linear addresses. */
    private final boolean linear;

    EnvironmentOp(Instruction instruction, BlockContext context) {
        super(context, instruction.memory(), field(instruction), !loads(instruction));
        load = loads(instruction);
        registers = withRegisters(instruction);
        field = field(instruction);
        linear = !context.has(Mode.PROTECTED) || context.has(Mode.VIRTUAL_8086);
    }

    private static int field(Instruction instruction) {
        return instruction.operandSize() == 2 ? 2 : 4;
    }

    private static boolean loads(Instruction instruction) {
        return instruction.mnemonic() == Mnemonic.FLDENV || instruction.mnemonic() == Mnemonic.FRSTOR;
    }

    private static boolean withRegisters(Instruction instruction) {
        return instruction.mnemonic() == Mnemonic.FNSAVE || instruction.mnemonic() == Mnemonic.FRSTOR;
    }

    @Override
    public void execute(Cpu cpu) {
        if (load) {
            MmxRegisters.checkPending(cpu, this);
        }
        long va = address(cpu);
        cpu.checkAlignment(this, va, field);
        int span = FIELDS * field + (registers ? 8 * REGISTER_BYTES : 0);
        // AMD's processors look at the first field of the image, then at its last byte.
        cpu.checkCanonical(this, va, field);
        if (load) {
            cpu.probeRead(this, va, field);
            checkSpan(cpu, va, span, !load);
            cpu.probeRead(this, displaced(cpu, va, span - 1), 1);
            cpu.probeRead(this, va, span);
            loadEnvironment(cpu, va);
            if (registers) {
                loadRegisters(cpu, va + FIELDS * field);
            }
        } else {
            cpu.probeWrite(this, va, field);
            checkSpan(cpu, va, span, !load);
            cpu.probeWrite(this, displaced(cpu, va, span - 1), 1);
            cpu.probeWrite(this, va, span);
            storeEnvironment(cpu, va);
            if (registers) {
                storeRegisters(cpu, va + FIELDS * field);
                X87Stack.initialise(cpu);
            } else {
                // The handler that stores the environment runs with all exceptions masked (SDM vol. 2, FSTENV).
                X87Stack.loadControl(cpu, X87Stack.control(cpu) | FpException.ALL);
            }
        }
        cpu.numericErrorSettled();
    }

    private void storeEnvironment(Cpu cpu, long va) {
        put(cpu, va, 0, X87Stack.control(cpu) | RESERVED);
        put(cpu, va, 1, X87Stack.status(cpu) | RESERVED);
        put(cpu, va, 2, tags(cpu) | RESERVED);
        long instruction = cpu.get64(StateLayout.X87_INSTRUCTION);
        long data = cpu.get64(StateLayout.X87_DATA);
        int opcode = cpu.get32(StateLayout.X87_OPCODE) & OPCODE;
        int code = cpu.get32(StateLayout.X87_INSTRUCTION_SELECTOR) & 0xffff;
        int operand = cpu.get32(StateLayout.X87_DATA_SELECTOR) & 0xffff;
        if (linear) {
            int from = (int) instruction + (code << 4);
            int to = (int) data + (operand << 4);
            put(cpu, va, 3, field == 2 ? from : from & 0xffff);
            put(cpu, va, 4, (field == 2 ? from >>> 4 & 0xf000 : from >>> 4 & 0xffff000) | opcode);
            put(cpu, va, 5, field == 2 ? to : to & 0xffff);
            put(cpu, va, 6, field == 2 ? to >>> 4 & 0xf000 : to >>> 4 & 0xffff000);
        } else {
            put(cpu, va, 3, (int) instruction);
            put(cpu, va, 4, code | opcode << 16);
            put(cpu, va, 5, (int) data);
            put(cpu, va, 6, operand | RESERVED);
        }
    }

    private void loadEnvironment(Cpu cpu, long va) {
        int control = get(cpu, va, 0);
        int status = get(cpu, va, 1);
        int tags = get(cpu, va, 2) & 0xffff;
        int instruction = get(cpu, va, 3);
        int code = get(cpu, va, 4);
        int data = get(cpu, va, 5);
        int operand = get(cpu, va, 6);
        int opcode = linear ? code : field == 2 ? 0 : code >>> 16;
        if (linear) {
            instruction = instruction & 0xffff | upper(code);
            data = data & 0xffff | upper(operand);
            code = 0;
            operand = 0;
        }
        cpu.put32(StateLayout.X87_STATUS, status & 0xffff);
        cpu.put32(StateLayout.X87_TAG, tags);
        X87Stack.loadControl(cpu, control);
        cpu.put32(StateLayout.X87_OPCODE, opcode & OPCODE);
        cpu.set64(StateLayout.X87_INSTRUCTION, instruction & 0xffff_ffffL);
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, code & 0xffff);
        cpu.set64(StateLayout.X87_DATA, data & 0xffff_ffffL);
        cpu.put32(StateLayout.X87_DATA_SELECTOR, operand & 0xffff);
    }

    /** Bits 19:16 or 31:16 of a linear address, from where the real-mode formats keep them. */
    private int upper(int word) {
        return field == 2 ? (word & 0xf000) << 4 : (word & 0xffff000) << 4;
    }

    /** The tag word that tells of the contents (SDM vol. 1, 8.1.7). */
    private static int tags(RegisterFile cpu) {
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int slot = StateLayout.X87 + 16 * i;
            int tag = X87Stack.empty(cpu, slot)
                    ? 3
                    : StateImage.tag(X87Stack.significand(cpu, slot), X87Stack.signExponent(cpu, slot));
            tags |= tag << 2 * i;
        }
        return tags;
    }

    private void storeRegisters(Cpu cpu, long va) {
        for (int i = 0; i < 8; i++) {
            int slot = X87Stack.slot(cpu, i);
            cpu.storePart(this, cpu.part(va, i * REGISTER_BYTES), 8, X87Stack.significand(cpu, slot));
            cpu.store16(this, cpu.part(va, i * REGISTER_BYTES + 8), X87Stack.signExponent(cpu, slot));
        }
    }

    private void loadRegisters(Cpu cpu, long va) {
        for (int i = 0; i < 8; i++) {
            int slot = X87Stack.slot(cpu, i);
            cpu.set64(slot, cpu.loadPart(this, cpu.part(va, i * REGISTER_BYTES), 8));
            cpu.set64(slot + 8, cpu.load16(this, cpu.part(va, i * REGISTER_BYTES + 8)));
        }
    }

    private void put(Cpu cpu, long va, int number, int value) {
        if (field == 2) {
            cpu.store16(this, cpu.part(va, number * 2), value);
        } else {
            cpu.store32(this, cpu.part(va, number * 4), value);
        }
    }

    private int get(Cpu cpu, long va, int number) {
        return field == 2 ? cpu.load16(this, cpu.part(va, number * 2)) : cpu.load32(this, cpu.part(va, number * 4));
    }
}
