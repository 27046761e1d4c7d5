package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IST_STACK;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.TSS;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE64;
import static dev.quoll.emulator.system.SystemMachine.USER_DATA;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Access;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.InstructionEncoder;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RandomEncoding;
import dev.quoll.emulator.isa.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Non-canonical addresses and segment limits: #SS for the stack, #GP for the rest (SDM vol. 3, 6.15; vol. 1, 3.3.7.1). */
class StackReferenceTest {
    private static final int GATE = 0x8e;
    private static final long HOLE = 1L << 47;
    private static final int RBX = 3;
    private static final int RSP = 4;
    private static final int RBP = 5;

    private final long seed = Long.getLong("quoll.seed", System.nanoTime());

    private static void gates(SystemMachine m) {
        for (int vector : new int[] {8, 10, 11, 12, 13, 14}) {
            m.longGate(vector, GATE, 1);
        }
    }

    /** The vector whose handler the machine stands at, or -1. */
    private static long vector(SystemMachine m) {
        long distance = m.rip() - HANDLERS;
        return distance >= 0 && distance < 0x1000 ? distance / 16 : -1;
    }

    /** Rows of general-purpose and system instructions with a memory operand they access. */
    private static List<OpcodeRow> rows() {
        List<OpcodeRow> rows = new ArrayList<>();
        for (OpcodeRow row : OpcodeTable.rows()) {
            boolean vector = row.has(Attribute.SSE) || row.has(Attribute.X87) || row.has(Attribute.MMX)
                    || row.has(Attribute.AVX) || row.has(Attribute.FXSAVE) || row.has(Attribute.XSAVE);
            if (!vector && row.memoryAccess() != Access.NONE && row.mnemonic() != Mnemonic.MOVDIRI) {
                rows.add(row);
            }
        }
        return rows;
    }

    @Test
    void everyMemoryOperandOutsideTheCanonicalHalves() {
        System.out.println("StackReferenceTest seed " + seed);
        Random random = new Random(seed);
        RandomEncoding encoding = new RandomEncoding(random, CodeSize.BITS64);
        InstructionEncoder encoder = new InstructionEncoder(CodeSize.BITS64);
        int tried = 0;
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m);
            m.cr4 |= ControlBits.CR4_FSGSBASE;
            for (OpcodeRow row : rows()) {
                for (int round = 0; round < 12; round++) {
                    Instruction instruction = encoding.of(row);
                    Operand.Memory memory = instruction == null ? null : instruction.memory();
                    if (memory == null || explicit(instruction) < 0) {
                        continue;
                    }
                    int base = new int[] {RBX, RSP, RBP}[round % 3];
                    Segment override = round / 3 == 0 ? null : new Segment[] {Segment.FS, Segment.DS, Segment.SS}[round / 3 - 1];
                    if (base == RSP && row.has(Attribute.STACK)) {
                        // Two references fail, and the manuals do not say which one first.
                        continue;
                    }
                    if (bitOffsetIn(instruction, RSP)) {
                        // The stack pointer's lower half as a bit offset can lead back to a canonical address.
                        continue;
                    }
                    Segment segment = override != null ? override : base == RBX ? Segment.DS : Segment.SS;
                    Operand[] operands = instruction.operands().toArray(Operand[]::new);
                    operands[explicit(instruction)] = new Operand.Memory(
                            segment, override != null, base, Operand.Memory.NONE, 0, 0, memory.size(), 8);
                    byte[] bytes = encoder.encode(instruction.row(),
                            new InstructionEncoder.Shape(instruction.operandSize(), 8, instruction.vectorLength(),
                                    instruction.lock(), instruction.rep()), operands);
                    // 64-bit code ignores overrides by ES, CS, SS and DS.
                    boolean stack = base != RBX && override != Segment.FS;
                    for (int register = 0; register < 16; register++) {
                        m.set64(StateLayout.gpr(register), 1);
                    }
                    m.set64(StateLayout.RSP, IST_STACK - 0x100);
                    m.set64(StateLayout.gpr(base), HOLE);
                    m.memory.write(TEXT, bytes);
                    m.written(TEXT, bytes.length);
                    m.setRip(TEXT);
                    m.step();
                    assertThat(m.shutdown).as(instruction.toString()).isNull();
                    assertThat(vector(m))
                            .as("%s, base %d, override %s", instruction, base, override)
                            .isEqualTo(stack ? 12 : 13);
                    assertThat(m.memory.readLong(m.rsp())).as("error code of " + instruction).isZero();
                    assertThat(m.memory.readLong(m.rsp() + 8)).as("RIP of " + instruction).isEqualTo(TEXT);
                    tried++;
                }
            }
        }
        assertThat(tried).isGreaterThan(1500);
    }

    /** Whether a register says which bit of a bit string is meant. */
    private static boolean bitOffsetIn(Instruction instruction, int register) {
        return switch (instruction.mnemonic()) {
            case BT, BTC, BTR, BTS ->
                instruction.operand(1) instanceof Operand.Register offset && offset.number() == register;
            default -> false;
        };
    }

    /** Place of the memory operand that ModRM encodes, or -1. */
    private static int explicit(Instruction instruction) {
        for (int i = 0; i < instruction.operandCount(); i++) {
            if (instruction.operand(i) instanceof Operand.Memory
                    && switch (instruction.row().operands().get(i).method()) {
                        case E, M, R, Q, N, W, U -> true;
                        default -> false;
                    }) {
                return i;
            }
        }
        return -1;
    }

    @Test
    void pushesAndPopsOutsideTheCanonicalHalves() {
        int[][] instructions = {
            {0x50}, {0x58}, {0x6a, 1}, {0x68, 1, 0, 0, 0}, {0xff, 0xf0}, {0x8f, 0xc0}, {0x9c}, {0x9d}, {0xc3}, {0xc2, 8, 0},
            {0xe8, 0, 0, 0, 0}, {0xff, 0xd0}, {0xc9}, {0xc8, 8, 0, 0}, {0xc8, 8, 0, 3}, {0xcb}, {0x48, 0xcb}, {0xca, 8, 0},
            {0x48, 0xcf}, {0xcf}, {0x0f, 0xa0}, {0x0f, 0xa8}, {0x0f, 0xa1}, {0x0f, 0xa9}, {0x66, 0x50}, {0x66, 0x9c},
            {0xff, 0x33}, {0x8f, 0x03}, {0xff, 0x13}
        };
        for (int[] instruction : instructions) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                m.set64(StateLayout.RSP, HOLE);
                m.set64(StateLayout.RBP, HOLE);
                m.set64(StateLayout.RBX, 0x40000);
                m.set64(StateLayout.RAX, TEXT);
                boolean pushes = switch (instruction[0]) {
                    case 0x50, 0x6a, 0x68, 0x9c, 0xe8, 0xc8 -> true;
                    case 0xff -> true;
                    case 0x66 -> true;
                    default -> instruction[0] == 0x0f && (instruction[1] == 0xa0 || instruction[1] == 0xa8);
                };
                // A push reaches below the pointer.
                m.set64(StateLayout.RSP, pushes ? HOLE + 64 : HOLE);
                m.code(instruction).step();
                assertThat(vector(m)).as("%02x", instruction[0]).isEqualTo(12);
                assertThat(m.memory.readLong(m.rsp())).isZero();
                assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT);
                assertThat(m.memory.readLong(m.rsp() + 32)).as("RSP").isEqualTo(pushes ? HOLE + 64 : HOLE);
                assertThat(m.get64(StateLayout.RBP)).as("RBP").isEqualTo(HOLE);
            }
        }
    }

    @Test
    void stringsUseTheirOwnSegments() {
        // rsi, rdi: never the stack.
        int[][] instructions = {{0xa4}, {0xaa}, {0xac}, {0xae}, {0xa6}, {0x6c}, {0x6e}, {0xf3, 0xa4}, {0xf3, 0xab}, {0xd7}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                for (int slot : new int[] {StateLayout.RSI, StateLayout.RDI, StateLayout.RBX}) {
                    m.set64(slot, HOLE);
                }
                m.set64(StateLayout.RCX, 1);
                m.code(instruction).step();
                assertThat(vector(m)).as("%02x", instruction[0]).isEqualTo(13);
            }
        }
    }

    @Test
    void nearTransfersToNonCanonicalTargets() {
        // jmp rax; call rax; ret: #GP at the instruction, nothing pushed or popped.
        int[][] instructions = {{0xff, 0xe0}, {0xff, 0xd0}, {0xc3}, {0xc2, 8, 0}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                m.set64(StateLayout.RAX, HOLE);
                long pointer = m.rsp();
                m.memory.writeLong(pointer, HOLE);
                m.memory.writeLong(pointer - 8, 0x1234);
                m.code(instruction).step();
                assertThat(vector(m)).isEqualTo(13);
                assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT);
                assertThat(m.memory.readLong(m.rsp() + 32)).as("RSP").isEqualTo(pointer);
                assertThat(m.memory.readLong(pointer - 8)).isEqualTo(0x1234);
            }
        }
        // Code that runs off the end of the lower half.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m);
            m.setRip(HOLE);
            m.code(0x90).step();
            assertThat(vector(m)).isEqualTo(13);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(HOLE);
        }
    }

    @Test
    void descriptorTableBasesAndLimits() {
        // lgdt, lidt with a non-canonical base.
        for (int reg : new int[] {2, 3}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                m.memory.writeShort(0x40000, (short) 0x7f);
                m.memory.writeLong(0x40002, HOLE);
                m.set64(StateLayout.RBX, 0x40000);
                m.code(0x0f, 0x01, reg << 3 | 3).step();
                assertThat(vector(m)).isEqualTo(13);
                assertThat(m.gdtBase).isEqualTo(GDT);
            }
        }
        // Selectors around the end of the GDT: a descriptor must lie in it to its last byte.
        for (int limit : new int[] {FREE + 6, FREE + 7}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                m.descriptor(FREE, 0, 0xfffff, 0x93, 0xc);
                m.gdtLimit = limit;
                m.set64(StateLayout.RAX, FREE);
                m.code(0x8e, 0xd8).step();
                assertThat(vector(m)).isEqualTo(limit == FREE + 7 ? -1 : 13);
                if (limit != FREE + 7) {
                    assertThat(m.memory.readLong(m.rsp())).isEqualTo(FREE);
                }
            }
        }
        // No LDT: selectors into it are outside.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m);
            m.set64(StateLayout.RAX, 4);
            m.code(0x8e, 0xd8).step();
            assertThat(vector(m)).isEqualTo(13);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(4);
        }
        // A vector behind the IDT's end: #GP with the gate's number.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m);
            m.idtLimit = 16 * 0x40 + 14;
            m.code(0xcd, 0x40).step();
            assertThat(vector(m)).isEqualTo(13);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(0x40 << 3 | 2);
        }
        // LDT and TSS bases of 64 bits.
        for (int type : new int[] {0x82, 0x89}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                m.descriptor(FREE, 0, 0xfff, type, 0);
                m.memory.writeLong(GDT + FREE + 8, 0x8000);
                m.set64(StateLayout.RAX, FREE);
                m.code(0x0f, 0x00, type == 0x82 ? 0xd0 : 0xd8).step();
                assertThat(vector(m)).isEqualTo(13);
                assertThat(m.memory.readLong(m.rsp())).isEqualTo(FREE);
            }
        }
    }

    @Test
    void interruptStacksThatCannotBeUsed() {
        // RSP0 and IST1 not canonical; an IST outside the TSS.
        try (SystemMachine m = SystemMachine.longMode(3)) {
            gates(m);
            m.longGate(0x40, 0xee, 0);
            m.memory.writeLong(TSS + 4, HOLE);
            m.code(0xcd, 0x40).step();
            assertThat(vector(m)).isEqualTo(12);
        }
        try (SystemMachine m = SystemMachine.longMode(3)) {
            gates(m);
            m.longGate(0x40, 0xee, 7);
            m.limit[RegisterFile.TR] = 0x24 + 8 * 6 + 6;
            m.code(0xcd, 0x40).step();
            assertThat(vector(m)).isEqualTo(10);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(SystemMachine.TASK);
        }
        // A stack without pages: #PF, then #PF on its delivery without IST, which makes #DF.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m);
            m.longGate(14, GATE, 0);
            m.set64(StateLayout.RSP, SystemMachine.PAGE + 0x100);
            m.pageEntry(0);
            m.flushAll();
            m.code(0x50).step();
            assertThat(vector(m)).isEqualTo(8);
            assertThat(m.memory.readLong(m.rsp())).isZero();
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT);
        }
    }

    @Test
    void returnsToNonCanonicalPlaces() {
        // iretq: RIP, then RSP of the frame. RSP is not looked at before it is used.
        for (int place : new int[] {0, 3}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m);
                long[] frame = {TEXT + 0x100, USER_CODE64 | 3, 2, 0x40000, USER_DATA | 3};
                frame[place] = HOLE;
                for (int i = 0; i < 5; i++) {
                    m.memory.writeLong(m.rsp() + 8 * i, frame[i]);
                }
                m.code(0x48, 0xcf).step();
                if (place == 0) {
                    assertThat(vector(m)).isEqualTo(13);
                    assertThat(m.memory.readLong(m.rsp() + 8)).as("at the IRET").isEqualTo(TEXT);
                    assertThat(m.memory.readLong(m.rsp() + 16)).isEqualTo(CODE64);
                } else {
                    assertThat(m.cpl).isEqualTo(3);
                    assertThat(m.rsp()).isEqualTo(HOLE);
                }
            }
        }
        // lretq.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m);
            m.memory.writeLong(m.rsp(), HOLE);
            m.memory.writeLong(m.rsp() + 8, CODE64);
            m.code(0x48, 0xcb).step();
            assertThat(vector(m)).isEqualTo(13);
        }
    }

    @Test
    void legacySegmentLimits() {
        // 32-bit code: DS and SS with a limit of 0xfff; [ebx] and [ebp] at the last byte and behind it.
        for (int base : new int[] {RBX, RBP}) {
            for (int offset : new int[] {0xffc, 0xffd}) {
                for (boolean write : new boolean[] {false, true}) {
                    try (SystemMachine m = SystemMachine.protectedMode(0)) {
                        for (int vector : new int[] {12, 13}) {
                            m.legacyGate(vector, SystemMachine.CODE32, GATE);
                        }
                        for (int segment : new int[] {RegisterFile.DS, RegisterFile.SS}) {
                            m.setSegmentBase(segment, 0x40000);
                            m.limit[segment] = 0xfff;
                        }
                        m.set64(StateLayout.RSP, 0x800);
                        m.updateMode();
                        m.set64(StateLayout.gpr(base), offset);
                        m.code(write ? 0x89 : 0x8b, 0x40 | base, 0).step();
                        assertThat(vector(m)).isEqualTo(offset == 0xffc ? -1 : base == RBX ? 13 : 12);
                    }
                }
            }
        }
        // An expand-down stack: everything but offsets 0 to its limit.
        for (int pointer : new int[] {0x2004, 0x2003}) {
            try (SystemMachine m = SystemMachine.protectedMode(0)) {
                m.legacyGate(12, SystemMachine.CODE32, GATE);
                m.descriptor(FREE, 0x40000, 1, 0x97, 0xc);
                m.set64(StateLayout.RAX, FREE);
                m.code(0x8e, 0xd0, 0x50).step();
                m.set64(StateLayout.RSP, pointer);
                m.step();
                if (pointer == 0x2004) {
                    assertThat(m.rsp()).isEqualTo(0x2000);
                } else {
                    assertThat(m.shutdown).as("no stack for the exception either").isNotNull();
                }
            }
        }
        // Pushing at SP 1 wraps over the segment's end: #SS.
        try (SystemMachine m = SystemMachine.real()) {
            m.handler(12);
            m.memory.writeInt(4 * 12, (int) (HANDLERS >> 4) << 16 | 16 * 12);
            m.set64(StateLayout.RSP, 1);
            m.setRip(0);
            m.code(0x50).step();
            assertThat(m.shutdown).as("the exception's own push fails alike").isNotNull();
        }
    }

    @Test
    void theDecoderKnowsTheDefaultSegments() {
        Decoder decoder = new Decoder(CpuFeature.ALL);
        byte[] code = {(byte) 0x8b, 0x04, 0x2b};
        // mov eax, [rbx+rbp]: the base decides, an index register does not.
        assertThat(((Instruction) decoder.decode(code, 0, 3, CodeSize.BITS64)).memory().segment()).isEqualTo(Segment.DS);
        byte[] reversed = {(byte) 0x8b, 0x44, 0x1d, 0};
        assertThat(((Instruction) decoder.decode(reversed, 0, 4, CodeSize.BITS64)).memory().segment()).isEqualTo(Segment.SS);
    }
}
