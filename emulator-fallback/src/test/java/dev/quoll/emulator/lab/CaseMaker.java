package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quoll.emulator.fpu.X87Host;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Segment;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Makes the states that instances start from: edge values, and addresses that mean something. */
final class CaseMaker {
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RBX = 3;
    private static final int RSP = 4;
    private static final int RBP = 5;
    private static final int RSI = 6;
    private static final int RDI = 7;

    private static final int PAGE = 4096;
    private static final int AREA = 2 * CaseLayout.DATA_WRITABLE;
    private static final int EXCEPTIONS = 0x3f;
    private static final int MXCSR_MASKS = 0x1f80;
    /** MXCSR.MM, which a host with misaligned SSE has and the product does not offer. */
    private static final int MISALIGNED_MASK = 1 << 17;
    private static final long FOUR_GIB = 1L << 32;
    private static final long LOWER_HALF_END = 0x8000_0000_0000_0000L >>> 16;
    /** Selectors of Linux' descriptor table, and some that are in none. */
    private static final int[] SELECTORS = {
        0, 1, 3, 0x23, 0x2b, 0x33, 0x28, 0x2a, 0x08, 0x10, 0x1b, 0x3b, 0x43, 0x40, 0x50, 0x78, 0x7b, 0x80, 0xfff8, 0x07, 0x2f
    };

    private final Random random;
    private final ValuePool values;
    private final boolean amd;

    // The case in the making.
    private final long[] gpr = new long[16];
    private final long[] window = new long[2];
    private final int[] windowLength = new int[2];
    private long fsBase;
    private long gsBase;
    private MemorySegment in;
    private long at;
    private LabInstance instance;
    private boolean vectorial;
    private boolean x87Row;

    /** @param amd whether the host is AMD's: what unmasked x87 exceptions leave undone is then the same */
    CaseMaker(Random random, boolean amd) {
        this.random = random;
        this.amd = amd;
        values = new ValuePool(random);
    }

    /** Random contents of both data areas. */
    byte[] contents() {
        byte[] contents = new byte[2 * AREA];
        MemorySegment segment = MemorySegment.ofArray(contents);
        for (int i = 0; i < contents.length; i += 8) {
            segment.set(JAVA_LONG_UNALIGNED, i, value());
        }
        return contents;
    }

    private long value() {
        return values.next();
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /** Turns to an instance, for the following {@link #make}. */
    void begin(LabInstance made) {
        instance = made;
        values.renew();
        Instruction instruction = made.instruction();
        vectorial = false;
        x87Row = false;
        if (made.program()) {
            vectorial = true;
        } else if (instruction != null) {
            OpcodeRow row = instruction.row();
            vectorial = row.has(Attribute.SSE) || row.has(Attribute.AVX) || row.has(Attribute.XSAVE);
            x87Row = row.has(Attribute.X87) || row.has(Attribute.MMX) || row.has(Attribute.FXSAVE) || row.has(Attribute.XSAVE);
        }
    }

    /** Puts a state for the instance at a place in a batch. */
    void make(MemorySegment segment, long place) {
        in = segment;
        at = place;
        Instruction instruction = instance.instruction();
        for (int i = 0; i < 16; i++) {
            gpr[i] = value();
        }
        fsBase = base();
        gsBase = base();
        windowLength[0] = 0;
        windowLength[1] = 0;
        gpr[RSP] = stack();
        vectors();
        x87();
        long flags = random.nextInt() & Flags.STATUS | Flags.IF | 2;
        flags |= oneIn(8) ? Flags.DF : 0;
        flags |= oneIn(16) ? random.nextInt() & (Flags.ID | Flags.NT) : 0;
        flags |= oneIn(16) ? Flags.AC : 0;
        if (instruction != null && !instance.program()) {
            flags |= oneIn(40) && InstanceMaker.mayStep(instruction.row()) ? Flags.TF : 0;
            if (instruction.row().has(Attribute.STACK)) {
                window(1, gpr[RSP] - WINDOW_HALF);
            }
            Operand.Memory memory = explicit(instruction);
            if (memory != null) {
                aim(instruction, memory);
            }
            special(instruction);
        }
        for (int i = 0; i < 16; i++) {
            in.set(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_GPR + 8 * i, gpr[i]);
        }
        in.set(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_FLAGS, flags);
        in.set(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_FS_BASE, fsBase);
        in.set(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_GS_BASE, gsBase);
        for (int i = 0; i < 2; i++) {
            in.set(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_WINDOW_ADDRESS + 8 * i, window[i]);
            in.set(JAVA_INT_UNALIGNED, at + CaseLayout.CASE_WINDOW_LENGTH + 4 * i, windowLength[i]);
        }
    }

    private static final int WINDOW_HALF = CaseLayout.WINDOW_SIZE / 2;

    private long base() {
        if (!instance.wide()) {
            return random.nextInt() & 0xffff_ffffL;
        }
        return switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> random.nextInt();
            default -> random.nextLong() >> 17;
        };
    }

    private long area() {
        return instance.wide() && random.nextBoolean() ? CaseLayout.DATA_HIGH : CaseLayout.DATA_LOW;
    }

    private long stack() {
        if (instance.instruction() != null && instance.instruction().row().has(Attribute.STACK) && oneIn(8)) {
            return target(8);
        }
        long value = area() + 256 + random.nextInt(CaseLayout.DATA_WRITABLE - 512);
        return oneIn(4) ? value : value & -8;
    }

    // ---- vector and x87 state

    private void vectors() {
        long image = at + CaseLayout.CASE_IMAGE;
        in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_HEADER, 7);
        in.set(JAVA_INT_UNALIGNED, image + LabCpu.IMAGE_MXCSR, mxcsr());
        if (!vectorial) {
            values.fill(in, image + LabCpu.IMAGE_XMM, 32);
            values.fill(in, image + LabCpu.IMAGE_YMM, 32);
            return;
        }
        for (int i = 0; i < 32; i++) {
            in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_XMM + 8 * i, value());
            in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_YMM + 8 * i, value());
        }
        // Pairs of equal, opposite and neighbouring values are what sums and comparisons go wrong on.
        if (random.nextBoolean()) {
            int from = random.nextInt(16);
            for (int i = 0; i < 16; i++) {
                if (oneIn(3)) {
                    long change = oneIn(2) ? 0 : 1L << random.nextInt(64);
                    long source = image + LabCpu.IMAGE_XMM + 16 * from;
                    in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_XMM + 16 * i, in.get(JAVA_LONG_UNALIGNED, source) ^ change);
                    in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_XMM + 16 * i + 8, in.get(JAVA_LONG_UNALIGNED, source + 8));
                }
            }
        }
    }

    /** Rounding, FTZ, DAZ and sticky flags at random; one time in four some exceptions are unmasked. */
    private int mxcsr() {
        int any = random.nextInt(1 << 16);
        return oneIn(4) ? any : any | MXCSR_MASKS;
    }

    /** A bit of MXCSR that must be 0. */
    private int reserved() {
        return 1 << 16 + random.nextInt(16) & ~MISALIGNED_MASK;
    }

    private void x87() {
        long image = at + CaseLayout.CASE_IMAGE;
        Instruction instruction = instance.instruction();
        boolean matters = x87Row;
        int control = matters ? X87Host.control(random) : 0x37f;
        if (!amd) {
            control |= EXCEPTIONS;
        }
        // Exceptions that are pending raise #MF at the next instruction that waits.
        int sticky = random.nextInt() & (matters && oneIn(32) ? EXCEPTIONS : control & EXCEPTIONS);
        boolean pending = (sticky & ~control & EXCEPTIONS) != 0;
        int status = random.nextInt(8) << 11 | sticky | random.nextInt() & 0x4740 | (pending ? 0x8080 : 0);
        in.set(JAVA_SHORT_UNALIGNED, image, (short) control);
        in.set(JAVA_SHORT_UNALIGNED, image + LabCpu.IMAGE_STATUS, (short) status);
        for (int i = 0; i < 8; i++) {
            int signExponent = matters ? X87Host.signExponent(random) : random.nextInt(1 << 16);
            long significand = matters ? X87Host.significand(random, signExponent) : value();
            in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_STACK + 16 * i, significand);
            in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_STACK + 16 * i + 8, signExponent & 0xffffL);
        }
        in.set(JAVA_SHORT_UNALIGNED, image + LabCpu.IMAGE_TAGS, (short) tags(status));
        in.set(JAVA_SHORT_UNALIGNED, image + LabCpu.IMAGE_OPCODE, (short) random.nextInt(0x800));
        in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_INSTRUCTION, random.nextLong() >>> 18);
        in.set(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_DATA, random.nextLong() >>> 18);
        if (instruction != null) {
            limit(instruction.mnemonic(), image);
        }
    }

    /** Mostly a stack that holds what instructions need and has room, else anything. */
    private int tags(int status) {
        if (oneIn(3)) {
            return random.nextInt(256);
        }
        int top = status >> 11 & 7;
        int inUse = (1 << 2 + random.nextInt(6)) - 1;
        return (inUse << top | inUse >> 8 - top) & 0xff;
    }

    /** Keeps the operand of F2XM1 and FYL2XP1 where the manual defines a result: below 1, and below 1 - sqrt(1/2). */
    private void limit(Mnemonic mnemonic, long image) {
        if (mnemonic != Mnemonic.F2XM1 && mnemonic != Mnemonic.FYL2XP1) {
            return;
        }
        int limit = mnemonic == Mnemonic.F2XM1 ? 16382 : 16380;
        long place = image + LabCpu.IMAGE_STACK + 8;
        int exponent = in.get(JAVA_SHORT_UNALIGNED, place) & 0x7fff;
        if (exponent > limit && exponent < 0x7fff) {
            in.set(JAVA_SHORT_UNALIGNED, place, (short) (limit - random.nextInt(70) | random.nextInt() & 0x8000));
        }
    }

    // ---- memory

    /** The memory operand whose address ModRM or an offset gives. */
    private static Operand.Memory explicit(Instruction instruction) {
        for (int i = 0; i < instruction.operandCount(); i++) {
            if (instruction.operand(i) instanceof Operand.Memory memory) {
                OperandKind.Method method = instruction.row().operands().get(i).method();
                if (method != OperandKind.Method.X && method != OperandKind.Method.Y && method != OperandKind.Method.BX) {
                    return memory;
                }
            }
        }
        return null;
    }

    /** A linear address for an operand: mostly one that can be written, else one that faults in any of the ways. */
    private long target(int size) {
        long area = area();
        int span = Math.max(size, 1);
        int writable = CaseLayout.DATA_WRITABLE;
        // What is loaded into MXCSR must not have bits by chance.
        int choice = controlled() ? random.nextInt(50) : random.nextInt(64);
        if (choice < 40) {
            long target = area + random.nextInt(writable - span + 1);
            return choice < 20 ? target & -16 : target;
        }
        if (choice < 50) {
            return area + PAGE - random.nextInt(span + 1);
        }
        return switch (choice) {
            case 50, 51, 52 -> area + writable + random.nextInt(writable - span + 1);
            case 53, 54 -> area + writable - random.nextInt(span + 1);
            case 55 -> area - random.nextInt(span + 1);
            case 56 -> area + 2 * writable - random.nextInt(span + 1);
            case 57 -> area + 2 * writable + random.nextInt(PAGE);
            case 58 -> instance.wide() ? random.nextLong() & Long.MAX_VALUE | 1L << 62 : farAway();
            case 59 -> instance.wide()
                    ? overridden() ? farAway() : LOWER_HALF_END - random.nextInt(span + 1)
                    : FOUR_GIB - random.nextInt(span + 1);
            case 60 -> instance.wide() ? random.nextLong() | 0xffff_8000_0000_0000L : farAway();
            default -> area + writable - span;
        };
    }

    private boolean controlled() {
        Instruction instruction = instance.instruction();
        return instruction != null && InstanceMaker.loadsControl(instruction.mnemonic());
    }

    /** An address where neither the witness nor the emulator has anything. */
    private long farAway() {
        return 0x8000_0000L + random.nextInt(1 << 28);
    }

    /** AMD's processors raise #GP for some operands at the very end of the lower half that FS or GS reach. */
    private boolean overridden() {
        Instruction instruction = instance.instruction();
        return instruction.memory() != null && instruction.memory().overridden() || instruction.dataSegment() != Segment.DS;
    }

    /** Sets base and index so that the operand is at a target, where the encoding lets them. */
    private void aim(Instruction instruction, Operand.Memory memory) {
        if (instance.target() != 0) {
            window(0, instance.target());
            return;
        }
        int size = memory.size() == 0 ? 512 : memory.size();
        long target = target(size);
        if (instruction.row().has(Attribute.ALIGNED) && !oneIn(8)) {
            target &= -size;
        } else if (memory.size() == 0 && !oneIn(4)) {
            target &= -64;
        }
        if (memory.addressSize() == 4 && instance.wide() && oneIn(2)) {
            target = CaseLayout.DATA_LOW + (target & CaseLayout.DATA_WRITABLE - 1);
        }
        boolean vectorIndex = instruction.row().operands().stream().anyMatch(k -> k.method() == OperandKind.Method.VSIB);
        long relative = target - segmentBase(memory.segment());
        if (!canonical(relative) && canonical(target)) {
            relative = withoutBases(target);
        }
        long offset = relative - memory.displacement();
        int base = memory.base();
        int index = memory.index();
        if (base == Operand.Memory.RIP || base == Operand.Memory.NONE && index == Operand.Memory.NONE) {
            window(0, target);
            return;
        }
        if (vectorIndex) {
            gather(memory);
            if (base != Operand.Memory.NONE) {
                gpr[base] = offset;
            }
        } else if (base == Operand.Memory.NONE) {
            gpr[index] = offset >> memory.scaleShift();
        } else if (index == base) {
            gpr[base] = memory.scaleShift() == 0 ? offset >> 1 : offset / (1 + (1L << memory.scaleShift()));
        } else if (index != Operand.Memory.NONE) {
            gpr[index] = random.nextInt(4) == 0 ? value() : random.nextInt(1 << 12) - (1 << 11);
            gpr[base] = offset - (gpr[index] << memory.scaleShift());
        } else {
            gpr[base] = offset;
        }
        boolean cut = memory.addressSize() == 4 && instance.wide();
        window(0, cut ? segmentBase(memory.segment()) + (relative & 0xffff_ffffL) : target);
        if (cut && random.nextBoolean()) {
            // What is above 32 bits must not count.
            if (base != Operand.Memory.NONE && base != RSP) {
                gpr[base] ^= random.nextLong() << 32;
            }
        }
    }

    /** Small indices, whose elements stay near the base. */
    private void gather(Operand.Memory memory) {
        long image = at + CaseLayout.CASE_IMAGE;
        for (int half = 0; half < 4; half++) {
            long place = image + (half < 2 ? LabCpu.IMAGE_XMM : LabCpu.IMAGE_YMM) + 16 * memory.index() + 8 * (half & 1);
            boolean quad = oneIn(2);
            long low = (random.nextInt(512) - 256) & 0xffff_ffffL;
            long high = random.nextInt(512) - 256;
            in.set(JAVA_LONG_UNALIGNED, place, quad ? random.nextInt(1024) - 512 : high << 32 | low);
        }
    }

    private static boolean canonical(long address) {
        return address << 16 >> 16 == address;
    }

    /** {@link Departure#FS_GS_OFFSET} */
    private long withoutBases(long target) {
        fsBase = 0;
        gsBase = 0;
        return target;
    }

    /** The offset through a segment of an implicit operand. */
    private long relative(long target, Segment segment) {
        long offset = target - segmentBase(segment);
        return canonical(offset) ? offset : withoutBases(target);
    }

    private long segmentBase(Segment segment) {
        return switch (segment) {
            case FS -> fsBase;
            case GS -> gsBase;
            default -> 0;
        };
    }

    /** Has a piece of memory from an address on, as far as it can be written, set and recorded. */
    private void window(int number, long address) {
        long area = address >= CaseLayout.DATA_HIGH - CaseLayout.WINDOW_SIZE ? CaseLayout.DATA_HIGH : CaseLayout.DATA_LOW;
        long start = Math.max(address, area);
        long end = Math.min(address + CaseLayout.WINDOW_SIZE, area + CaseLayout.DATA_WRITABLE);
        boolean far = address < area - CaseLayout.WINDOW_SIZE || end <= start;
        window[number] = far ? area : start;
        windowLength[number] = far ? 0 : (int) (end - start);
        if (!far) {
            values.fill(in, windowAt(number), CaseLayout.WINDOW_SIZE / 8);
        }
    }

    private long windowAt(int number) {
        return at + CaseLayout.CASE_WINDOW + (long) CaseLayout.WINDOW_SIZE * number;
    }

    /** The contents of a window as a number; the window is at the operand if that can be written. */
    private long contents(int number, int offset) {
        return in.get(JAVA_LONG_UNALIGNED, windowAt(number) + offset);
    }

    // ---- what single instructions need

    private void special(Instruction instruction) {
        switch (instruction.mnemonic()) {
            case MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS -> strings(instruction);
            case CMPXCHG -> {
                if (random.nextBoolean()) {
                    gpr[RAX] = value(instruction.operand(0));
                }
            }
            case CMPXCHG8B, CMPXCHG16B -> {
                if (random.nextBoolean() && !addresses(instruction, RAX) && !addresses(instruction, RDX)) {
                    boolean quad = instruction.mnemonic() == Mnemonic.CMPXCHG8B;
                    gpr[RAX] = quad ? contents(0, 0) & 0xffff_ffffL : contents(0, 0);
                    gpr[RDX] = quad ? contents(0, 4) & 0xffff_ffffL : contents(0, 8);
                }
            }
            case DIV, IDIV -> dividend(instruction);
            case BT, BTS, BTR, BTC -> bitOffset(instruction);
            case XLAT -> {
                long target = target(1);
                gpr[RBX] = relative(target, instruction.memory().segment()) - (gpr[RAX] & 0xff);
                window(0, target);
            }
            case MASKMOVDQU, VMASKMOVDQU, MASKMOVQ -> {
                long target = target(16);
                gpr[RDI] = relative(target, instruction.dataSegment());
                window(0, target);
            }
            case CLZERO -> {
                long target = target(64);
                gpr[RAX] = relative(target, instruction.dataSegment());
                window(0, target & -64);
            }
            case LEAVE -> {
                gpr[RBP] = target(8);
                window(0, gpr[RBP]);
            }
            case ENTER -> {
                gpr[RSP] = area() + CaseLayout.DATA_WRITABLE / 2 + random.nextInt(1024);
                gpr[RBP] = oneIn(8) ? target(8) : area() + 512 + random.nextInt(CaseLayout.DATA_WRITABLE - 512);
                window(1, gpr[RSP] - CaseLayout.WINDOW_SIZE);
            }
            case POPF -> {
                // The trap after a POPF that sets TF comes behind the next instruction, which is not the case's.
                if (windowLength[1] >= WINDOW_HALF + 8) {
                    long place = windowAt(1) + (gpr[RSP] - window[1]);
                    in.set(JAVA_LONG_UNALIGNED, place, (random.nextBoolean() ? value() : random.nextInt()) & ~(long) Flags.TF);
                } else {
                    gpr[RSP] = area() + 256;
                    window(1, gpr[RSP]);
                    in.set(JAVA_LONG_UNALIGNED, windowAt(1), random.nextInt() & ~Flags.TF);
                }
            }
            case LDMXCSR, VLDMXCSR -> in.set(
                    JAVA_INT_UNALIGNED, windowAt(0), mxcsr() | (oneIn(16) ? reserved() : 0));
            case FXRSTOR -> in.set(
                    JAVA_INT_UNALIGNED, windowAt(0) + LabCpu.IMAGE_MXCSR, mxcsr() | (oneIn(16) ? reserved() : 0));
            case LOOP, LOOPE, LOOPNE, JCXZ -> gpr[RCX] = oneIn(2) ? random.nextInt(3) : gpr[RCX];
            case WRFSBASE, WRGSBASE -> {
                int number = ((Operand.Register) instruction.operand(0)).number();
                gpr[number] = oneIn(8) ? gpr[number] : gpr[number] >> 17;
            }
            case RET -> code(1, gpr[RSP]);
            case RETF, IRET -> farReturn(instruction);
            // Linux takes numbers from -512 on for system calls to start again.
            case SYSCALL -> gpr[RAX] &= Long.MAX_VALUE;
            case XSAVE, XSAVEC, XSAVEOPT, XRSTOR -> components(instruction);
            case XGETBV -> gpr[RCX] = oneIn(4) ? gpr[RCX] | 2 : gpr[RCX] & ~0xffff_ffffL;
            case JMP, CALL -> {
                if (instruction.mnemonic() == Mnemonic.CALL && (windowLength[1] == 0 || gpr[RSP] < window[1] + 8)) {
                    // Which of two faults comes first, the target's or the stack's, is not compared.
                    gpr[RSP] = area() + 256;
                    window(1, gpr[RSP] - WINDOW_HALF);
                }
                if (instruction.operand(0) instanceof Operand.Register(RegisterClass cls, int number, int size)) {
                    gpr[number] = number == RSP ? gpr[number] : branchTarget();
                } else if (instruction.operand(0) instanceof Operand.Memory) {
                    boolean stackBased = addresses(instruction, RSP);
                    in.set(JAVA_LONG_UNALIGNED, windowAt(0), stackBased ? CaseLayout.CODE_LOW : branchTarget());
                    if (instruction.row().flow() == ControlFlow.FAR) {
                        in.set(JAVA_SHORT_UNALIGNED, windowAt(0) + instruction.operandSize(), (short) codeSelector());
                    }
                }
            }
            case MOV, LAR, LSL, VERR, VERW, POP, LDS, LES, LFS, LGS, LSS, ARPL -> selectors(instruction);
            default -> {}
        }
    }

    private void code(int number, long address) {
        if (windowLength[number] == CaseLayout.WINDOW_SIZE && address >= window[number]) {
            in.set(JAVA_LONG_UNALIGNED, windowAt(number) + (address - window[number]), branchTarget());
        }
    }

    /** Code that is INT3; the instance and what stands behind it lie elsewhere. */
    private long branchTarget() {
        long code = instance.wide() && random.nextBoolean() ? CaseLayout.CODE_HIGH : CaseLayout.CODE_LOW;
        int own = (int) instance.address() & CaseLayout.CODE_SIZE - 1;
        int offset = random.nextInt(CaseLayout.CODE_SIZE);
        while (offset >= own && offset < own + 48) {
            offset = random.nextInt(CaseLayout.CODE_SIZE);
        }
        return switch (random.nextInt(8)) {
            case 0 -> target(1);
            case 1 -> instance.wide() ? value() & ~0xffffffL | 1 : random.nextInt() & 0xffff_ffffL | 0x8000_0000L;
            default -> code + offset;
        };
    }

    private int codeSelector() {
        return switch (random.nextInt(8)) {
            case 0 -> SELECTORS[random.nextInt(SELECTORS.length)];
            case 1 -> random.nextInt(1 << 16);
            case 2, 3, 4 -> CaseLayout.SELECTOR_CODE32;
            default -> CaseLayout.SELECTOR_CODE64;
        };
    }

    /** A frame for RETF or IRET: where to, flags, a stack. */
    private void farReturn(Instruction instruction) {
        if (oneIn(8)) {
            return;
        }
        gpr[RSP] = area() + 64 + random.nextInt(CaseLayout.DATA_WRITABLE - 256);
        window(1, gpr[RSP]);
        int size = instruction.operandSize();
        boolean interrupt = instruction.mnemonic() == Mnemonic.IRET;
        long[] frame = {
            branchTarget(),
            codeSelector(),
            interrupt ? random.nextInt() & ~Flags.TF : value(),
            oneIn(4) ? value() : stack(),
            oneIn(4) ? SELECTORS[random.nextInt(SELECTORS.length)] : 0x2b
        };
        long place = windowAt(1);
        for (long element : frame) {
            in.set(JAVA_LONG_UNALIGNED, place, element);
            place += size;
        }
    }

    /** The components that XSAVE and family save or load; a header that mostly is one for XRSTOR. */
    private void components(Instruction instruction) {
        if (!addresses(instruction, RAX)) {
            gpr[RAX] = oneIn(8) ? gpr[RAX] : random.nextInt(8);
        }
        if (!addresses(instruction, RDX)) {
            gpr[RDX] = oneIn(8) ? gpr[RDX] : 0;
        }
        if (instruction.mnemonic() != Mnemonic.XRSTOR || windowLength[0] < CaseLayout.WINDOW_SIZE) {
            return;
        }
        in.set(JAVA_INT_UNALIGNED, windowAt(0) + LabCpu.IMAGE_MXCSR, mxcsr() | (oneIn(16) ? reserved() : 0));
        window(1, window[0] + LabCpu.IMAGE_HEADER);
        if (windowLength[1] < CaseLayout.WINDOW_SIZE || oneIn(16)) {
            return;
        }
        long compacted = oneIn(3) ? 1L << 63 | random.nextInt(8) : 0;
        in.set(JAVA_LONG_UNALIGNED, windowAt(1), random.nextInt(8) & (compacted == 0 ? 7 : compacted) | (oneIn(16) ? 8 : 0));
        in.set(JAVA_LONG_UNALIGNED, windowAt(1) + 8, compacted);
        for (int i = 16; i < CaseLayout.WINDOW_SIZE; i += 8) {
            in.set(JAVA_LONG_UNALIGNED, windowAt(1) + i, oneIn(128) ? 1 : 0);
        }
    }

    private void selectors(Instruction instruction) {
        boolean concerned = switch (instruction.mnemonic()) {
            case MOV, POP -> instruction.row().operands().stream().anyMatch(kind ->
                    kind.method() == OperandKind.Method.S || kind.method() == OperandKind.Method.FIXED_SEGMENT);
            default -> true;
        };
        if (!concerned) {
            return;
        }
        int selector = SELECTORS[random.nextInt(SELECTORS.length)];
        int pointer = switch (instruction.mnemonic()) {
            case LDS, LES, LFS, LGS, LSS -> instruction.operandSize();
            default -> 0;
        };
        in.set(JAVA_SHORT_UNALIGNED, windowAt(0) + pointer, (short) selector);
        if (instruction.mnemonic() == Mnemonic.POP && gpr[RSP] >= window[1]) {
            in.set(JAVA_SHORT_UNALIGNED, windowAt(1) + (gpr[RSP] - window[1] & WINDOW_HALF), (short) selector);
        }
        int last = instruction.operandCount() - 1;
        if (last >= 0 && instruction.operand(last) instanceof Operand.Register(RegisterClass cls, int number, int size)
                && cls == RegisterClass.GPR) {
            gpr[number] = gpr[number] & ~0xffffL | selector;
        }
        if (instruction.operandCount() > 0
                && instruction.mnemonic() == Mnemonic.VERR | instruction.mnemonic() == Mnemonic.VERW
                && instruction.operand(0) instanceof Operand.Register(RegisterClass cls, int number, int size)) {
            gpr[number] = gpr[number] & ~0xffffL | selector;
        }
    }

    private void strings(Instruction instruction) {
        int size = 8;
        long source = target(size);
        long destination = oneIn(3) ? source + random.nextInt(33) - 16 : target(size);
        Operand.Memory memory = instruction.memory();
        Segment segment = instruction.dataSegment();
        gpr[RSI] = relative(source, memory != null && memory.overridden() ? memory.segment() : segment);
        gpr[RDI] = destination;
        window(0, source);
        window(1, destination);
        gpr[RCX] = switch (random.nextInt(8)) {
            case 0 -> gpr[RCX];
            case 1 -> random.nextInt(1024);
            default -> random.nextInt(9);
        };
        if (instruction.addressSize() == 4 && instance.wide() && random.nextBoolean()) {
            gpr[RSI] ^= random.nextLong() << 32;
            gpr[RDI] ^= random.nextLong() << 32;
            gpr[RCX] ^= random.nextLong() << 32;
        }
        if (instruction.mnemonic() == Mnemonic.SCAS && random.nextBoolean()) {
            gpr[RAX] = contents(1, 0);
        }
    }

    private void dividend(Instruction instruction) {
        if (oneIn(4)) {
            return;
        }
        Operand operand = instruction.operand(0);
        int size = operand instanceof Operand.Memory memory ? memory.size() : ((Operand.Register) operand).size();
        if (size == 1) {
            gpr[RAX] = oneIn(2) ? gpr[RAX] & ~0xff00L : (gpr[RAX] & ~0xffffL) | ((short) (byte) gpr[RAX] & 0xffffL);
            return;
        }
        if (addresses(instruction, RDX)) {
            return;
        }
        boolean signed = instruction.mnemonic() == Mnemonic.IDIV;
        long sign = switch (size) {
            case 2 -> (short) gpr[RAX] >> 15;
            case 4 -> (int) gpr[RAX] >> 31;
            default -> gpr[RAX] >> 63;
        };
        gpr[RDX] = (signed ? sign : 0) + (oneIn(2) ? 0 : random.nextInt(5) - 2);
        if (size == 4 && oneIn(2)) {
            gpr[RDX] ^= random.nextLong() << 32;
        }
    }

    private void bitOffset(Instruction instruction) {
        if (explicit(instruction) == null || !(instruction.operand(1) instanceof Operand.Register register) || oneIn(8)) {
            return;
        }
        if (!addresses(instruction, register.number())) {
            gpr[register.number()] = random.nextInt(512) - 256;
        }
    }

    private static boolean addresses(Instruction instruction, int register) {
        Operand.Memory memory = instruction.memory();
        return memory != null && (memory.base() == register || memory.index() == register);
    }

    private long value(Operand operand) {
        return switch (operand) {
            case Operand.Register(RegisterClass cls, int number, int size) ->
                cls == RegisterClass.GPR8_HIGH ? gpr[number] >> 8 : gpr[number];
            case Operand.Memory memory -> contents(0, 0);
            default -> 0;
        };
    }
}
