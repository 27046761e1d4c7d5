package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.EncodingSampler;
import dev.quoll.emulator.isa.EncodingSampler.Sample;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes instances of opcode rows, and places for them in the code areas. */
final class InstanceMaker {
    private static final int PAGE = 4096;

    private final Random random;
    private final EncodingSampler wide;
    private final EncodingSampler narrow;

    InstanceMaker(Random random, long features) {
        this.random = random;
        wide = new EncodingSampler(random, CodeSize.BITS64, features);
        narrow = new EncodingSampler(random, CodeSize.BITS32, features);
    }

    /** Whether the row exists in this code size. */
    boolean exists(OpcodeRow row, boolean in64) {
        return sampler(in64).of(row) != null;
    }

    private EncodingSampler sampler(boolean in64) {
        return in64 ? wide : narrow;
    }

    /** An instance of the row, one time in sixteen of its opcode only; null when there is none in this code size. */
    LabInstance next(OpcodeRow row, boolean in64) {
        EncodingSampler sampler = sampler(in64);
        Sample sample = random.nextInt(10) == 0 ? sampler.any(row) : sampler.of(row);
        if (sample == null) {
            return null;
        }
        boolean high = in64 && random.nextBoolean();
        int offset = offset(sample.code().length);
        long address = (high ? CaseLayout.CODE_HIGH : CaseLayout.CODE_LOW) + offset;
        long target = 0;
        if (sample.decoded() instanceof Instruction instruction) {
            if (sample.displacementAt() > 0 && instruction.memory() != null) {
                target = dataTarget(high && instruction.memory().base() == Operand.Memory.RIP);
                boolean relative = instruction.memory().base() == Operand.Memory.RIP;
                long displacement = target - (relative ? address + sample.code().length : 0);
                sample = sampler.withDisplacement(sample, (int) displacement);
                target = instruction.memory().index() == Operand.Memory.NONE ? target : 0;
            } else if (hasOffset(instruction)) {
                target = dataTarget(in64 && random.nextBoolean());
                sample = sampler.withTail(sample, target, instruction.addressSize());
            } else {
                sample = withBranch(sampler, sample, instruction, address);
            }
        }
        byte[] code = Arrays.copyOf(sample.code(), Math.min(sample.code().length, CaseLayout.CODE_SIZE - offset));
        return new LabInstance(code, sample.decoded(), row, in64, address, target, false);
    }

    /** Mostly inside a page; across the border of two; at the very end, where nothing follows; and cut off by it. */
    private int offset(int length) {
        return switch (random.nextInt(32)) {
            case 0, 1, 2 -> PAGE - 1 - random.nextInt(length);
            case 3 -> CaseLayout.CODE_SIZE - length;
            case 4 -> CaseLayout.CODE_SIZE - 1 - random.nextInt(length);
            default -> 256 + random.nextInt(CaseLayout.CODE_SIZE - 512);
        };
    }

    private long dataTarget(boolean high) {
        return (high ? CaseLayout.DATA_HIGH : CaseLayout.DATA_LOW) + switch (random.nextInt(8)) {
            case 0 -> PAGE - 32 + random.nextInt(48);
            case 1 -> random.nextInt(2 * CaseLayout.DATA_WRITABLE + 32) - 16;
            case 2, 3 -> random.nextInt(CaseLayout.DATA_WRITABLE / 64) * 64;
            default -> random.nextInt(CaseLayout.DATA_WRITABLE - 128);
        };
    }

    private static boolean hasOffset(Instruction instruction) {
        return instruction.row().operands().stream().anyMatch(kind -> kind.method() == OperandKind.Method.O);
    }

    /** A relative branch must not lead into itself or the end that stands behind it: what it would run there is unknown. */
    private Sample withBranch(EncodingSampler sampler, Sample sample, Instruction instruction, long address) {
        OperandKind kind = instruction.row().operands().isEmpty() ? null : instruction.row().operands().getFirst();
        if (kind == null || kind.method() != OperandKind.Method.J) {
            return sample;
        }
        int size = kind.size() == OperandKind.Size.B ? 1 : Math.min(instruction.operandSize(), 4);
        if (size == 1) {
            int before = -128 + random.nextInt(128 - sample.code().length);
            return sampler.withTail(sample, random.nextBoolean() ? before : CaseLayout.LONGEST_END + random.nextInt(127 - CaseLayout.LONGEST_END), 1);
        }
        if (size == 4 && random.nextInt(4) != 0) {
            int offset = (int) address & CaseLayout.CODE_SIZE - 1;
            int to = random.nextInt(CaseLayout.CODE_SIZE);
            while (to >= offset && to < offset + sample.code().length + CaseLayout.LONGEST_END) {
                to = random.nextInt(CaseLayout.CODE_SIZE);
            }
            return sampler.withTail(sample, to - offset - sample.code().length, 4);
        }
        long far = size == 4 ? 0x1000_0000 + random.nextInt(0x100_0000) : random.nextInt();
        return sampler.withTail(sample, random.nextBoolean() ? far : -far, size);
    }

    /**
     * Some instructions in a row, whose memory operands are at fixed addresses. Flags that nobody sees in between are the
     * emulator's to leave out: it must not show.
     *
     * @param rows to choose from: none that branches
     */
    LabInstance program(List<OpcodeRow> rows, boolean in64) {
        EncodingSampler sampler = sampler(in64);
        long start = CaseLayout.CODE_LOW + 256 + random.nextInt(CaseLayout.CODE_SIZE - 512);
        int wanted = 2 + random.nextInt(7);
        byte[] code = {};
        Decoded first = null;
        OpcodeRow firstRow = null;
        for (int count = 0; count < wanted; ) {
            OpcodeRow row = rows.get(random.nextInt(rows.size()));
            Sample sample = sampler.any(row);
            if (!(sample.decoded() instanceof Instruction instruction) || !rows.contains(instruction.row())) {
                continue;
            }
            Operand.Memory memory = instruction.memory();
            if (memory != null) {
                boolean fixed = sample.displacementAt() > 0 && memory.index() == Operand.Memory.NONE && !memory.overridden();
                if (!fixed) {
                    continue;
                }
                boolean relative = memory.base() == Operand.Memory.RIP;
                long end = relative ? start + code.length + sample.code().length : 0;
                sample = sampler.withDisplacement(sample, (int) (dataTarget(false) - end));
            }
            if (count++ == 0) {
                first = sample.decoded();
                firstRow = row;
            }
            int before = code.length;
            code = Arrays.copyOf(code, before + sample.code().length);
            System.arraycopy(sample.code(), 0, code, before, sample.code().length);
        }
        return new LabInstance(code, first, firstRow, in64, start, 0, true);
    }

    /** Whether such an instance may run at all: LOCK and prefixes aside, what is left out by mnemonic. */
    static boolean mayRun(LabInstance instance) {
        Instruction instruction = instance.instruction();
        if (instruction == null) {
            // Departure.MOVNT_SCALAR
            return !(movntPacked(instance.row()) && (instance.prefixed(0xf2) || instance.prefixed(0xf3)));
        }
        if (instruction.mnemonic() == Mnemonic.SYSCALL && !instance.wide()) {
            // Departure.SYSCALL_32
            return false;
        }
        return !Exclusions.excludes(instruction.row())
                && !(instance.target() != 0 && loadsControl(instruction.mnemonic()));
    }

    private static boolean movntPacked(OpcodeRow row) {
        return row.mnemonic() == Mnemonic.MOVNTPS || row.mnemonic() == Mnemonic.MOVNTPD;
    }

    /** Whether it loads MXCSR from memory. */
    static boolean loadsControl(Mnemonic mnemonic) {
        return switch (mnemonic) {
            case LDMXCSR, VLDMXCSR, FXRSTOR, XRSTOR -> true;
            default -> false;
        };
    }

    /** Whether a single step shows the row as it is: no {@link Departure#SHADOW_STEP}, no other code that runs first. */
    static boolean mayStep(OpcodeRow row) {
        return !row.has(Attribute.SHADOW) && row.mnemonic() != Mnemonic.SYSCALL;
    }
}
