package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.core.RegionCode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Repeat;
import java.lang.classfile.CodeBuilder;
import java.util.List;

/** General registers in local variables: loaded on entry, stored where the state block has to be right. Sets are bit masks by number. */
final class RegisterLocals {
    private static final int RCX = 1;
    private static final int RSP = 4;
    private static final int RBP = 5;

    private final CodeBuilder code;
    /** Registers that have a local variable, and those of them that inline instructions write. */
    private final int held;

    private final int written;
    /** Those whose variable may differ from the state block at this place. */
    private int dirty;

    RegisterLocals(CodeBuilder code, RegionCode.Source source) {
        this.code = code;
        int all = 0;
        int changed = 0;
        for (RegionCode.Piece piece : source.pieces()) {
            for (Instruction instruction : piece.instructions()) {
                if (Inline.is(instruction)) {
                    changed |= writes(instruction);
                    all |= reads(instruction);
                }
            }
        }
        written = changed;
        held = all | changed;
    }

    private static int reads(Instruction instruction) {
        int set = instruction.row().implicitReads();
        for (Operand operand : instruction.operands()) {
            switch (operand) {
                case Operand.Register register -> set |= bit(register);
                case Operand.Memory memory -> {
                    set |= memory.base() >= 0 && memory.base() < 16 ? 1 << memory.base() : 0;
                    set |= memory.index() >= 0 ? 1 << memory.index() : 0;
                }
                default -> {}
            }
        }
        return set | stack(instruction);
    }

    /** Registers that an instruction may change. */
    private static int writes(Instruction instruction) {
        int set = instruction.row().implicitWrites() | stack(instruction);
        List<OperandKind> kinds = instruction.row().operands();
        for (int i = 0; i < kinds.size(); i++) {
            if (kinds.get(i).access().writes() && instruction.operand(i) instanceof Operand.Register register) {
                set |= bit(register);
            }
            if (instruction.operand(i) instanceof Operand.Memory memory && instruction.rep() != Repeat.NONE) {
                set |= 1 << RCX;
            }
        }
        return set;
    }

    private static int stack(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case PUSH, POP, CALL, RET -> 1 << RSP;
            case LEAVE -> 1 << RSP | 1 << RBP;
            default -> 0;
        };
    }

    private static int bit(Operand.Register register) {
        boolean general = register.cls() == RegisterClass.GPR || register.cls() == RegisterClass.GPR8_HIGH;
        return general ? 1 << register.number() : 0;
    }

    // Between variables and state block.

    private void loadFromState(int set) {
        for (int number = 0; number < 16; number++) {
            if ((set >>> number & 1) != 0) {
                code.aload(Slots.CPU).loadConstant(StateLayout.gpr(number)).invokevirtual(Types.CPU, "get64", Types.method("IJ"));
                code.lstore(Slots.gpr(number));
            }
        }
    }

    private void storeToState(int set) {
        for (int number = 0; number < 16; number++) {
            if ((set >>> number & 1) != 0) {
                code.aload(Slots.CPU).loadConstant(StateLayout.gpr(number)).lload(Slots.gpr(number));
                code.invokevirtual(Types.CPU, "set64", Types.method("IJV"));
            }
        }
    }

    /** On entry. */
    void load() {
        loadFromState(held);
    }

    /** On the common way out, which may be reached from anywhere. */
    void storeAll() {
        storeToState(written);
    }

    /** A block begins, which may be reached from anywhere. */
    void beginPiece() {
        dirty = written;
    }

    /** Before an op runs: it may read all of them, and fault. */
    void store() {
        storeToState(dirty);
        dirty = 0;
    }

    /** After it has run. */
    void reload(Instruction instruction) {
        loadFromState(held & writes(instruction));
    }

    // Values.

    /** Pushes a whole register. */
    void read(int number) {
        code.lload(Slots.gpr(number));
    }

    /** Takes a whole register's value from the stack. */
    void write(int number) {
        code.lstore(Slots.gpr(number));
        dirty |= 1 << number;
    }

    /** Pushes a register operand, sign-extended. */
    void read(Operand.Register register) {
        read(register.number());
        if (register.cls() == RegisterClass.GPR8_HIGH) {
            code.bipush(8).lushr();
        }
        extend(register.size());
    }

    /** Sign-extends the value on the stack from its lowest 1, 2, 4 or 8 bytes. */
    void extend(int size) {
        switch (size) {
            case 1 -> code.l2i().i2b().i2l();
            case 2 -> code.l2i().i2s().i2l();
            case 4 -> code.l2i().i2l();
            default -> {}
        }
    }

    /** Clears all but the lowest 1, 2, 4 or 8 bytes of the value on the stack. */
    void zeroExtend(int size) {
        if (size < 8) {
            code.loadConstant((1L << 8 * size) - 1).land();
        }
    }

    /** Takes a register operand's value from the stack; what lies above its size does not matter. */
    void write(Operand.Register register) {
        int number = register.number();
        zeroExtend(register.size());
        if (register.size() < 4) {
            long place = (1L << 8 * register.size()) - 1;
            if (register.cls() == RegisterClass.GPR8_HIGH) {
                code.bipush(8).lshl();
                place <<= 8;
            }
            read(number);
            code.loadConstant(~place).land().lor();
        }
        write(number);
    }
}
