package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import java.util.List;

/**
 * Writes a guest instruction as the same instruction of the host with other registers: a memory operand is at the address in
 * {@link HostRegister#T0}, and a guest register without a host register is loaded before and stored after.
 */
final class Rewriting {
    private static final int STATE = HostRegister.STATE;

    private final HostAssembler out;
    private final Instruction instruction;
    private final GuestEncoding encoding;
    private final byte[] bytes;
    private final boolean memory;
    /** Host registers of ModRM.reg, ModRM.rm, VEX.vvvv and the opcode's low bits; -1 where these are no register operands. */
    private int reg = -1;

    private int rm = -1;
    private int vvvv = -1;
    private int low = -1;
    private boolean byteRegisters;

    Rewriting(HostAssembler out, Instruction instruction, GuestEncoding encoding, byte[] bytes, boolean memory) {
        this.out = out;
        this.instruction = instruction;
        this.encoding = encoding;
        this.bytes = bytes;
        this.memory = memory;
    }

    void write() {
        if (highBytes()) {
            // No REX then, so every register has its own number: nothing to change.
            int length = instruction.length();
            out.bytes(bytes, encoding.immediateStart + encoding.immediateLength - length, length);
            return;
        }
        List<OperandKind> kinds = instruction.row().operands();
        for (int i = 0; i < kinds.size(); i++) {
            if (instruction.operand(i) instanceof Operand.Register register) {
                assign(kinds.get(i).method(), register);
            }
        }
        encode();
        // Of two results in one register the one of ModRM.reg counts (MULX): it is the first operand and comes last here.
        for (int i = kinds.size() - 1; i >= 0; i--) {
            if (kinds.get(i).access().writes() && instruction.operand(i) instanceof Operand.Register register) {
                keep(kinds.get(i).method(), register);
            }
        }
    }

    private boolean highBytes() {
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Register register && register.cls() == RegisterClass.GPR8_HIGH) {
                return true;
            }
        }
        return false;
    }

    private void assign(OperandKind.Method method, Operand.Register register) {
        int guest = register.number();
        if (register.cls() != RegisterClass.GPR) {
            assignOther(method, guest);
            return;
        }
        byteRegisters |= register.size() == 1 && HostRegister.of(guest) >= HostRegister.RSP && method != OperandKind.Method.FIXED_GPR;
        switch (method) {
            case G -> reg = inHost(guest, HostRegister.T1);
            case E, R -> rm = inHost(guest, HostRegister.T2);
            case B -> vvvv = inHost(guest, memory ? HostRegister.T2 : HostRegister.T0);
            case Z -> low = inHost(guest, HostRegister.T1);
            default -> { }
        }
    }

    /** Vector and MMX registers have the host's of their own number. */
    private void assignOther(OperandKind.Method method, int number) {
        switch (method) {
            case V, P -> reg = number;
            case U, W, N, Q -> rm = number;
            case H -> vvvv = number;
            // In the immediate's upper half, always XMM0, or in an x87 opcode.
            default -> { }
        }
    }

    private int inHost(int guest, int scratch) {
        int host = HostRegister.of(guest);
        if (host != HostRegister.NONE) {
            return host;
        }
        out.load(8, scratch, STATE, StateLayout.gpr(guest));
        return scratch;
    }

    private void keep(OperandKind.Method method, Operand.Register register) {
        int guest = register.number();
        if (register.cls() != RegisterClass.GPR || HostRegister.of(guest) != HostRegister.NONE) {
            return;
        }
        int from = switch (method) {
            case G -> reg;
            case E, R -> rm;
            case B -> vvvv;
            case Z -> low;
            default -> throw new IllegalStateException("no place for the result of " + instruction);
        };
        out.store(8, STATE, StateLayout.gpr(guest), from);
    }

    private void encode() {
        int regBits = reg >= 0 ? reg : encoding.hasModrm ? encoding.modrm >>> 3 & 7 : 0;
        int rmBits = memory ? HostRegister.T0 : rm >= 0 ? rm : low >= 0 ? low : encoding.hasModrm ? encoding.modrm & 7 : 0;
        if (encoding.vex) {
            out.vex(regBits, rmBits, Math.max(vvvv, 0), encoding.map, encoding.vexBits);
        } else {
            legacyPrefixes(regBits, rmBits);
        }
        out.u8(low >= 0 ? encoding.opcode & ~7 | low & 7 : encoding.opcode);
        if (encoding.hasModrm) {
            if (memory) {
                out.modrmMemory(regBits, HostRegister.T0, 0);
            } else {
                out.modrmRegister(regBits, rmBits);
            }
        }
        out.bytes(bytes, encoding.immediateStart, encoding.immediateLength);
    }

    private void legacyPrefixes(int regBits, int rmBits) {
        if (encoding.lock) {
            out.u8(0xf0);
        }
        if (encoding.operandSize) {
            out.u8(0x66);
        }
        if (encoding.repeat != 0) {
            out.u8(encoding.repeat);
        }
        int rex = (encoding.wide() ? 8 : 0) | (regBits >= 8 ? 4 : 0) | (rmBits >= 8 ? 1 : 0);
        if (rex != 0 || byteRegisters) {
            out.u8(0x40 | rex);
        }
        switch (encoding.map) {
            case GuestEncoding.TWO_BYTE -> out.u8(0x0f);
            case GuestEncoding.MAP_0F38 -> {
                out.u8(0x0f);
                out.u8(0x38);
            }
            case GuestEncoding.MAP_0F3A -> {
                out.u8(0x0f);
                out.u8(0x3a);
            }
            default -> { }
        }
    }
}
