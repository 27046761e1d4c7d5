package dev.quoll.emulator.system;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.InstructionEncoder;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RandomEncoding;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Segment;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntSupplier;

/** Random vector, x87 and MMX instructions for the midst of a {@link TranslatedProgram}, and what changes whether and how they work. */
final class UnitSteps {
    /** Bytes that FXSAVE writes, and how they are aligned. */
    private static final int IMAGE = 512;

    private static final int IMAGE_ALIGNMENT = 16;
    private static final int MASKED = 0x1f80;
    private static final int X87_MASKED = 0x3f;

    /** Those whose memory operand is at rDI, and loads of control words, which have a step of their own. */
    private static final Set<Mnemonic> APART = EnumSet.of(
            Mnemonic.MASKMOVDQU, Mnemonic.VMASKMOVDQU, Mnemonic.MASKMOVQ, Mnemonic.LDMXCSR, Mnemonic.VLDMXCSR, Mnemonic.FLDCW,
            Mnemonic.FLDENV, Mnemonic.FRSTOR);

    /** Vectors are as frequent as x87 and MMX together. */
    private static final List<List<Attribute>> UNITS = List.of(
            List.of(Attribute.SSE), List.of(Attribute.AVX), List.of(Attribute.X87), List.of(Attribute.X87, Attribute.MMX));

    private static final List<List<OpcodeRow>> ROWS = UNITS.stream().map(UnitSteps::rows).toList();

    private static List<OpcodeRow> rows(List<Attribute> unit) {
        return OpcodeTable.rows().stream()
                .filter(row -> unit.stream().anyMatch(row::has))
                .filter(row -> row.feature() != CpuFeature.GFNI && !APART.contains(row.mnemonic()))
                .filter(row -> row.operands().stream().noneMatch(kind -> kind.method() == OperandKind.Method.VSIB))
                .toList();
    }

    private final Random random;
    private final RandomEncoding instances;
    private final InstructionEncoder encoder = new InstructionEncoder(CodeSize.BITS64);

    UnitSteps(Random random) {
        this.random = random;
        instances = new RandomEncoding(random, CodeSize.BITS64);
    }

    /**
     * One step.
     *
     * @param free gives a general register that it may change
     */
    byte[] next(IntSupplier free) {
        return switch (random.nextInt(40)) {
            case 0 -> random.nextBoolean() ? loadMxcsr() : loadX87Control();
            case 1 -> image(random.nextBoolean() ? 0 : 1);
            case 2 -> random.nextInt(6) == 0 ? switched(free.getAsInt()) : new byte[] {0x0f, 0x06};
            default -> instruction(free);
        };
    }

    private byte[] instruction(IntSupplier free) {
        for (; ; ) {
            List<OpcodeRow> rows = ROWS.get(random.nextInt(ROWS.size()));
            Instruction instance = instances.of(rows.get(random.nextInt(rows.size())));
            if (instance == null || instance.addressSize() != 8) {
                continue;
            }
            Operand[] operands = instance.operands().toArray(Operand[]::new);
            for (int i = 0; i < operands.length; i++) {
                operands[i] = switch (operands[i]) {
                    case Operand.Register(RegisterClass cls, int _, int size) when cls == RegisterClass.GPR ->
                        new Operand.Register(cls, free.getAsInt(), size);
                    case Operand.Memory memory -> memory(memory.size());
                    default -> operands[i];
                };
            }
            return encoder.encode(instance, operands);
        }
    }

    private Operand.Memory memory(int size) {
        boolean border = random.nextInt(12) == 0;
        int displacement = border ? random.nextInt(-4000, random.nextInt(30) == 0 ? 60 : -31) : random.nextInt(-512, 512);
        if (random.nextInt(24) != 0) {
            displacement &= -Math.max(size, 1);
        }
        int base = border ? TranslatedProgram.BORDER : TranslatedProgram.DATA;
        return new Operand.Memory(Segment.DS, false, base, Operand.Memory.NONE, 0, displacement, size, 8);
    }

    /** mov dword [data], value; ldmxcsr [data]. Mostly with all exceptions masked, now and then with bits that do not exist. */
    private byte[] loadMxcsr() {
        int value = random.nextInt(0x10000) | (random.nextInt(4) == 0 ? 0 : MASKED) | (random.nextInt(40) == 0 ? 0x10000 : 0);
        return load(value, 0x0f, 0xae, 0x50 | TranslatedProgram.DATA, 0);
    }

    /** Likewise with fldcw. */
    private byte[] loadX87Control() {
        int value = random.nextInt(0x10000) | (random.nextInt(4) == 0 ? 0 : X87_MASKED);
        return load(value, 0xd9, 0x68 | TranslatedProgram.DATA, 0);
    }

    /** mov dword [data], value, and what loads it. */
    private static byte[] load(int value, int... load) {
        byte[] code = new byte[7 + load.length];
        code[0] = (byte) 0xc7;
        code[1] = 0x40 | TranslatedProgram.DATA;
        for (int i = 0; i < 4; i++) {
            code[3 + i] = (byte) (value >>> 8 * i);
        }
        for (int i = 0; i < load.length; i++) {
            code[7 + i] = (byte) load[i];
        }
        return code;
    }

    /** FXSAVE (0) or FXRSTOR (1) of data, the latter mostly of what the former has saved there. */
    private byte[] image(int operation) {
        int displacement = -IMAGE * (1 + random.nextInt(2)) + (random.nextInt(24) == 0 ? IMAGE_ALIGNMENT / 2 : 0);
        byte[] code = {0x0f, (byte) 0xae, (byte) (0x80 | operation << 3 | TranslatedProgram.DATA), 0, 0, 0, 0};
        for (int i = 0; i < 4; i++) {
            code[3 + i] = (byte) (displacement >>> 8 * i);
        }
        if (operation == 0) {
            return code;
        }
        byte[] both = new byte[2 * code.length];
        System.arraycopy(code, 0, both, code.length, code.length);
        System.arraycopy(code, 0, both, 0, code.length);
        both[2] = (byte) (0x80 | TranslatedProgram.DATA);
        return both;
    }

    /** mov r, cr0; or r, 8; mov cr0, r: the next vector instruction raises #NM. */
    private static byte[] switched(int register) {
        int extension = register >>> 3;
        int low = register & 7;
        return new byte[] {
            (byte) (0x40 | extension), 0x0f, 0x20, (byte) (0xc0 | low),
            (byte) (0x48 | extension), (byte) 0x83, (byte) (0xc8 | low), 8,
            (byte) (0x40 | extension), 0x0f, 0x22, (byte) (0xc0 | low)
        };
    }
}
