package dev.quoll.emulator.oracle;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.InstructionEncoder;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Repeat;
import dev.quoll.emulator.isa.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes random instances of opcode rows in 64-bit code: registers (never RSP), addressing forms and immediates. */
final class InstanceGenerator {
    /** Bytes to keep free for operands without a size: FNSAVE needs 108. */
    private static final int LARGEST_IMAGE = 512;

    private final InstructionEncoder encoder = new InstructionEncoder(CodeSize.BITS64);
    private final Random random;
    private final long dataAddress;

    InstanceGenerator(Random random, long dataAddress) {
        this.random = random;
        this.dataAddress = dataAddress;
    }

    /**
     * One instance.
     *
     * @param address where it will stand, for RIP-relative operands
     * @param memory whether an operand that may be a register or memory shall be memory
     */
    Instance next(OpcodeRow row, long address, boolean memory) {
        int operandSize = operandSize(row);
        List<Operand> operands = new ArrayList<>();
        long target = 0;
        for (OperandKind kind : row.operands()) {
            boolean inMemory = isMemory(kind, row, memory);
            if (inMemory) {
                int size = size(kind, operandSize, true);
                target = target(row, size);
                operands.add(memory(size, target));
            } else {
                operands.add(operand(kind, operandSize));
            }
        }
        var shape = new InstructionEncoder.Shape(operandSize, 8, 16, false, Repeat.NONE);
        byte[] code = encoder.encode(row, shape, operands.toArray(Operand[]::new));
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i) instanceof Operand.Memory place && place.base() == Operand.Memory.RIP) {
                operands.set(i, at(Operand.Memory.RIP, -1, 0, target - address - code.length, place.size()));
                code = encoder.encode(row, shape, operands.toArray(Operand[]::new));
            }
        }
        return new Instance(row, code, List.copyOf(operands), target);
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

    private long target(OpcodeRow row, int size) {
        int offset = random.nextInt(HostCpu.DATA_SIZE - (size == 0 ? LARGEST_IMAGE : size) + 1);
        return dataAddress + (row.has(Attribute.ALIGNED) ? offset & -size : offset);
    }

    private Operand.Memory memory(int size, long target) {
        int displacement = switch (random.nextInt(3)) {
            case 0 -> 0;
            case 1 -> (byte) random.nextInt();
            default -> random.nextInt();
        };
        switch (random.nextInt(8)) {
            case 0 -> {
                return at(Operand.Memory.RIP, Operand.Memory.NONE, 0, 0x1000_0000, size);
            }
            case 1 -> {
                return at(Operand.Memory.NONE, general(), 0, displacement, size);
            }
            case 2, 3, 4 -> {
                return at(general(), Operand.Memory.NONE, 0, displacement, size);
            }
            default -> {
                int base = general();
                int index = general();
                while (index == base) {
                    index = general();
                }
                return at(base, index, random.nextInt(4), displacement, size);
            }
        }
    }

    private static Operand.Memory at(int base, int index, int scaleShift, long displacement, int size) {
        return new Operand.Memory(Segment.DS, false, base, index, scaleShift, displacement, size, 8);
    }

    private int general() {
        int number = random.nextInt(15);
        return number >= CpuState.RSP ? number + 1 : number;
    }

    private Operand operand(OperandKind kind, int operandSize) {
        int size = size(kind, operandSize, false);
        return switch (kind.method()) {
            case E, G, R, B -> new Operand.Register(RegisterClass.GPR, general(), size);
            case FIXED_GPR -> new Operand.Register(RegisterClass.GPR, kind.number(), size);
            case V, W, U -> new Operand.Register(RegisterClass.XMM, random.nextInt(16), 16);
            case ST -> new Operand.Register(RegisterClass.X87, 0, 10);
            case ST_I -> new Operand.Register(RegisterClass.X87, random.nextInt(8), 10);
            case FIXED_XMM -> new Operand.Register(RegisterClass.XMM, 0, 16);
            case P, Q, N -> new Operand.Register(RegisterClass.MMX, random.nextInt(8), 8);
            case I -> new Operand.Immediate(size == 1 ? random.nextInt(256) : random.nextInt(), size);
            case SIGNED_BYTE -> new Operand.Immediate((byte) random.nextInt(), operandSize);
            case ONE -> new Operand.Immediate(1, 1);
            default -> throw new IllegalArgumentException("no random operand of the kind " + kind.notation());
        };
    }

    private static int size(OperandKind kind, int operandSize, boolean memory) {
        return switch (kind.size()) {
            case NONE -> 0;
            case B -> 1;
            case W, EIGHTH -> 2;
            case D, QUARTER -> 4;
            case Q, HALF -> 8;
            case DQ, X -> 16;
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
