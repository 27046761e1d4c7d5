package dev.quoll.emulator.oracle;

import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.InstructionEncoder;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes random instances of opcode rows in 64-bit code: registers, addressing forms and immediates. */
class InstanceGenerator {
    /** Bytes to keep free for operands without a size: FNSAVE needs 108. */
    private static final int LARGEST_IMAGE = 512;

    /** General registers an instruction without REX prefix can name, which AH to BH depend on. */
    private static final int LEGACY_REGISTERS = 8;

    final Random random;
    final long dataAddress;

    private final InstructionEncoder encoder = new InstructionEncoder(CodeSize.BITS64);
    private final ValueGenerator values;

    /** Whether the instance in the making goes without REX. */
    private boolean legacy;

    /** The row and the last general register of the instance in the making; -1 without one. */
    private OpcodeRow row;

    private int last;
    private int lastVector;
    /** 16, or with VEX.L 32. */
    private int vectorLength;

    InstanceGenerator(Random random, long dataAddress) {
        this.random = random;
        this.dataAddress = dataAddress;
        values = new ValueGenerator(random);
    }

    /** One instance of an operand size at random, as {@link #next(OpcodeRow, long, Form)}. */
    final Instance next(OpcodeRow row, long address, boolean memory) {
        return next(row, address, Form.of(operandSize(row), memory));
    }

    /**
     * One instance.
     *
     * @param address where it will stand, for RIP-relative operands
     */
    final Instance next(OpcodeRow row, long address, Form form) {
        int operandSize = form.operandSize();
        this.row = row;
        vectorLength = vectorLength(row);
        last = -1;
        lastVector = -1;
        legacy = operandSize != 8 && mayLackRex(form) && random.nextInt(3) == 0;
        List<Operand> operands = new ArrayList<>();
        long target = 0;
        for (OperandKind kind : row.operands()) {
            boolean inMemory = isMemory(kind, row, form.memory());
            if (inMemory) {
                int size = size(kind, operandSize, true);
                target = target(row, size);
                operands.add(memory(size, target, form.addressSize()));
            } else if (kind.method() == OperandKind.Method.VSIB) {
                operands.add(null);
            } else if (kind.maybeMemory() && kind.method() != OperandKind.Method.E
                    && kind.method() != OperandKind.Method.W && kind.method() != OperandKind.Method.Q) {
                int size = size(kind, operandSize, true);
                target = kind.method() == OperandKind.Method.O ? target(row, size) : target;
                operands.add(implicit(kind, size, target, form.addressSize()));
            } else {
                operands.add(operand(kind, operandSize));
            }
        }
        if (row.operands().stream().anyMatch(kind -> kind.method() == OperandKind.Method.VSIB)) {
            target = dataAddress + HostCpu.DATA_SIZE / 2;
            gather(row, operands, form.addressSize());
        }
        var shape = new InstructionEncoder.Shape(operandSize, form.addressSize(), vectorLength, form.lock(), form.repeat());
        byte[] code = encoder.encode(row, shape, operands.toArray(Operand[]::new));
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i) instanceof Operand.Memory place && place.base() == Operand.Memory.RIP) {
                long displacement = target - address - code.length;
                operands.set(i, at(Operand.Memory.RIP, -1, 0, displacement, place.size(), form.addressSize()));
                code = encoder.encode(row, shape, operands.toArray(Operand[]::new));
            }
        }
        return new Instance(row, code, List.copyOf(operands), target);
    }

    /** Target, index and mask of a gather are three registers (SDM vol. 2, VGATHERDPD). */
    private void gather(OpcodeRow row, List<Operand> operands, int addressSize) {
        int first = random.nextInt(16);
        int index = first + 1 + random.nextInt(7) & 15;
        int mask = first + 8 + random.nextInt(8) & 15;
        operands.set(0, new Operand.Register(RegisterClass.XMM, first, TemplateOp.size(operands.get(0))));
        operands.set(2, new Operand.Register(RegisterClass.XMM, mask, TemplateOp.size(operands.get(2))));
        int size = size(row.operands().get(1), 0, true);
        operands.set(1, at(general(), index, random.nextInt(4), (byte) random.nextInt(), size, addressSize));
    }

    /** Whether this row can have a memory operand, and whether it must. */
    static boolean mayBeMemory(OpcodeRow row) {
        return row.operands().stream().anyMatch(kind -> isMemory(kind, row, true));
    }

    static boolean mayBeRegister(OpcodeRow row) {
        return row.operands().stream().noneMatch(kind -> isMemory(kind, row, false));
    }

    private static boolean isMemory(OperandKind kind, OpcodeRow row, boolean wanted) {
        return switch (kind.method()) {
            case M -> true;
            case E, W, Q -> wanted && !row.encoding().endsWith(" reg");
            default -> false;
        };
    }

    /** What the row asks for; VEX.L at random where it means nothing or the vector length. */
    private int vectorLength(OpcodeRow row) {
        List<String> encoding = List.of(row.encoding().split(" "));
        if (!encoding.contains("VEX") || encoding.contains("L0")) {
            return 16;
        }
        return encoding.contains("L1") || random.nextBoolean() ? 32 : 16;
    }

    private int operandSize(OpcodeRow row) {
        List<String> encoding = List.of(row.encoding().split(" "));
        if (encoding.contains("W1")) {
            return 8;
        }
        if (row.has(Attribute.X87)) {
            // REX.W means nothing here; 66 chooses the format of FNSTENV and FNSAVE.
            return random.nextInt(3) == 0 ? 2 : 4;
        }
        boolean anyW = !encoding.contains("W0");
        return anyW && random.nextInt(3) == 0 ? 8 : 4;
    }

    /** Anywhere in the data buffer; often across the border of its pages. */
    private long target(OpcodeRow row, int size) {
        int span = size == 0 ? LARGEST_IMAGE : size;
        int offset = random.nextInt(4) == 0
                ? HostCpu.DATA_SIZE / 2 - 17 + random.nextInt(18)
                : random.nextInt(HostCpu.DATA_SIZE - span + 1);
        return dataAddress + (row.has(Attribute.ALIGNED) ? offset & -size : offset);
    }

    /** Whether all registers of such an instance may be among the first eight. */
    boolean mayLackRex(Form form) {
        return true;
    }

    /** An explicit memory operand. */
    Operand.Memory memory(int size, long target, int addressSize) {
        int displacement = switch (random.nextInt(3)) {
            case 0 -> 0;
            case 1 -> (byte) random.nextInt();
            default -> random.nextInt();
        };
        switch (random.nextInt(8)) {
            case 0 -> {
                return at(Operand.Memory.RIP, Operand.Memory.NONE, 0, 0x1000_0000, size, addressSize);
            }
            case 1 -> {
                int shift = random.nextInt(4);
                // A scaled index alone reaches only what is a multiple away.
                int exact = displacement & -1 << shift | (int) target & (1 << shift) - 1;
                return at(Operand.Memory.NONE, index(), shift, exact, size, addressSize);
            }
            case 2, 3, 4 -> {
                return at(base(), Operand.Memory.NONE, 0, displacement, size, addressSize);
            }
            default -> {
                int base = base();
                int index = index();
                while (index == base) {
                    index = index();
                }
                return at(base, index, random.nextInt(4), displacement, size, addressSize);
            }
        }
    }

    static Operand.Memory at(int base, int index, int scaleShift, long displacement, int size, int addressSize) {
        return new Operand.Memory(Segment.DS, false, base, index, scaleShift, displacement, size, addressSize);
    }

    /** A memory operand that the opcode implies: at rSI, rDI, rBX + AL or an absolute address. */
    private static Operand.Memory implicit(OperandKind kind, int size, long target, int addressSize) {
        int base = switch (kind.method()) {
            case X -> 6;
            case Y -> 7;
            case BX -> 3;
            default -> Operand.Memory.NONE;
        };
        return at(base, Operand.Memory.NONE, 0, target, size, addressSize);
    }

    /** A general register for an operand, the one that was the last surprisingly often. */
    int general() {
        if (last < 0 || random.nextInt(4) != 0) {
            last = random.nextInt(legacy ? LEGACY_REGISTERS : 16);
        }
        return last;
    }

    private int base() {
        int number = general();
        // What a stack instruction does to RSP would go into the address.
        while (number == CpuState.RSP && row.has(Attribute.STACK)) {
            number = random.nextInt(LEGACY_REGISTERS);
        }
        return number;
    }

    private int index() {
        int number = general();
        while (number == CpuState.RSP) {
            number = random.nextInt(LEGACY_REGISTERS);
        }
        return number;
    }

    private Operand operand(OperandKind kind, int operandSize) {
        int size = size(kind, operandSize, false);
        return switch (kind.method()) {
            case E, G, R, B -> register(general(), size);
            case Z -> register(opcode(row) & 7 | (legacy ? 0 : random.nextInt(2) << 3), size);
            case FIXED_GPR -> new Operand.Register(RegisterClass.GPR, kind.number(), size);
            case V, W, U, H, L -> new Operand.Register(RegisterClass.XMM, vector(), Math.max(size, 16));
            case ST -> new Operand.Register(RegisterClass.X87, 0, 10);
            case ST_I -> new Operand.Register(RegisterClass.X87, random.nextInt(8), 10);
            case FIXED_XMM -> new Operand.Register(RegisterClass.XMM, 0, 16);
            case P, Q, N -> new Operand.Register(RegisterClass.MMX, random.nextInt(8), 8);
            case I -> new Operand.Immediate(size == 1 ? random.nextInt(256) : values.integer(), size);
            case SIGNED_BYTE -> new Operand.Immediate((byte) random.nextInt(), operandSize);
            case ONE -> new Operand.Immediate(1, 1);
            default -> throw new IllegalArgumentException("no random operand of the kind " + kind.notation());
        };
    }

    /** A vector register, the one that was the last surprisingly often. */
    private int vector() {
        if (lastVector < 0 || random.nextInt(4) != 0) {
            lastVector = random.nextInt(16);
        }
        return lastVector;
    }

    private static int opcode(OpcodeRow row) {
        String[] encoding = row.encoding().split(" ");
        return Integer.parseInt(encoding[encoding.length - 1], 16);
    }

    /** A general register; without REX the numbers 4 to 7 of byte registers are AH to BH. */
    private Operand register(int number, int size) {
        return size == 1 && legacy && number >= 4
                ? new Operand.Register(RegisterClass.GPR8_HIGH, number - 4, 1)
                : new Operand.Register(RegisterClass.GPR, number, size);
    }

    private int size(OperandKind kind, int operandSize, boolean memory) {
        return switch (kind.size()) {
            case NONE -> 0;
            case B -> 1;
            case W -> 2;
            case D -> 4;
            case Q -> 8;
            case DQ -> 16;
            case X -> vectorLength;
            case HALF -> vectorLength >> 1;
            case QUARTER -> vectorLength >> 2;
            case EIGHTH -> vectorLength >> 3;
            case T -> 10;
            case V, P, A2 -> operandSize;
            case Z -> Math.min(operandSize, 4);
            case Y -> operandSize == 8 ? 8 : 4;
            case V_OR_W -> memory ? 2 : operandSize;
            case D_OR_B -> memory ? 1 : 4;
            case D_OR_W -> memory ? 2 : 4;
        };
    }
}
