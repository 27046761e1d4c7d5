package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.ProductInterpreter;
import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTranslator;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The emulator under the conditions of the {@link Witness}: user code of Linux at the same addresses, with the same pages
 * mapped, writable and executable. Exceptions end a case and are recorded. Belongs to one thread.
 */
final class LabCpu extends CpuLoop implements AutoCloseable {
    static final long ENDED = -1L;

    private static final int PAGE_SIZE = 4096;
    private static final long TABLES = 0x1000;
    private static final long CODE = 0x100000;
    private static final long DATA = 0x300000;
    // Pages that are neighbours in linear memory are not in physical memory.
    private static final long DATA_STEP = -0x3000;
    private static final long GDT = 0x80000;
    /** Supervisor pages: descriptor tables and TSS, handlers, stack. */
    private static final long KERNEL = 0xffff_8000_0000_0000L;

    private static final int KERNEL_PAGES = 4;
    private static final long IDT_OFFSET = 0x1000;
    private static final long TSS_OFFSET = 0x800;
    private static final long HANDLERS = KERNEL + 0x2000;
    /** Where SYSCALL leads in 64-bit code: an end like the others, behind them. */
    private static final long SYSTEM_CALL = HANDLERS + 8 * 256;

    private static final long KERNEL_STACK = KERNEL + 0x4000;
    private static final int KERNEL_CODE = 0x10;
    private static final int TSS_LIMIT = 0x67;
    private static final int VECTORS = 256;
    private static final int INTERRUPT_GATE = 0x8e;
    private static final int USER_LEVEL = 0x60;
    private static final long RAM = 0x400000;
    private static final long PRESENT = 1;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long NO_EXECUTE = Long.MIN_VALUE;
    private static final int DATA_PAGES = 2 * CaseLayout.DATA_WRITABLE / PAGE_SIZE;

    /** Where the instruction under test is placed, an end follows: RSM, which no user code of Linux has. */
    private static final byte[] END = {0x0f, (byte) 0xaa};

    private static final int INT3 = 0xcc;
    private static final int BREAKPOINT = 3;
    private static final int OVERFLOW = 4;
    private static final int USER_DATA = 0x2b;
    // Linux' descriptors (arch/x86/include/asm/segment.h): its own code and data, then 32-bit code, data and 64-bit code for
    // users. What follows is of the system but for CPUNODE, the last.
    private static final long[] DESCRIPTORS = {
        0, 0x00cf9b000000ffffL, 0x00af9b000000ffffL, 0x00cf93000000ffffL, 0x00cffb000000ffffL, 0x00cff3000000ffffL,
        0x00affb000000ffffL, 0, 0x00008b0000000067L, 0, 0, 0, 0, 0, 0, 0x0040f50000000000L
    };

    // Offsets in an XSAVE area (SDM vol. 1, 13.4).
    static final int IMAGE_STATUS = 2;
    static final int IMAGE_TAGS = 4;
    static final int IMAGE_OPCODE = 6;
    static final int IMAGE_INSTRUCTION = 8;
    static final int IMAGE_DATA = 16;
    static final int IMAGE_MXCSR = 24;
    static final int IMAGE_STACK = 32;
    static final int IMAGE_XMM = 160;
    static final int IMAGE_HEADER = 512;
    static final int IMAGE_YMM = 576;

    private final Arena arena;
    private final GuestMemory memory;
    private final MemorySegment ram;
    private long nextTable = TABLES + PAGE_SIZE;
    private int codeSelector;
    /** Of FS and GS. */
    private int loadedSelector;
    private long instruction;
    /** Where it ends, and {@link #END} stands. */
    private long end;

    // What the last case left.
    private long vector;
    private long error;
    /** CS and SS of the exception, as {@link CaseLayout#CASE_SEGMENTS} has them. */
    private long left;
    private boolean lacking;

    private LabCpu(Arena arena, GuestMemory memory, long features, int processor, byte[] contents) {
        this(arena, memory, features, processor, contents, ProductInterpreter.create());
    }

    private LabCpu(
            Arena arena, GuestMemory memory, long features, int processor, byte[] contents, OpTranslator product) {
        super(
                arena,
                new PhysicalMemory(memory, new MmioBus(), 40),
                new Decoder(features),
                new EndAtRsm(product),
                (cpu, vector, hasError, error, source) -> ((LabCpu) cpu).delivered(vector, hasError ? error : 0),
                new CpuGroup(1));
        this.arena = arena;
        this.memory = memory;
        ram = memory.mapping();
        attach(new LabPlatform());
        TestTier.translator().ifPresent(code -> translateAfter(1, arena, code, new Decoder(features)));
        TestTier.regions().ifPresent(code -> compileAfter(1, code, new Decoder(features), Runnable::run));
        for (int page = 0; page < CaseLayout.CODE_SIZE; page += PAGE_SIZE) {
            map(CaseLayout.CODE_LOW + page, CODE + page, USER);
            map(CaseLayout.CODE_HIGH + page, CODE + page, USER);
        }
        for (int page = 0; page < DATA_PAGES; page++) {
            long rights = USER | NO_EXECUTE | (page * PAGE_SIZE < CaseLayout.DATA_WRITABLE ? WRITABLE : 0);
            map(CaseLayout.DATA_LOW + page * PAGE_SIZE, physical(CaseLayout.DATA_LOW + page * PAGE_SIZE), rights);
            map(CaseLayout.DATA_HIGH + page * PAGE_SIZE, physical(CaseLayout.DATA_HIGH + page * PAGE_SIZE), rights);
        }
        kernel(processor);
        int area = 2 * CaseLayout.DATA_WRITABLE;
        fill(CaseLayout.DATA_LOW, MemorySegment.ofArray(contents), 0, area);
        fill(CaseLayout.DATA_HIGH, MemorySegment.ofArray(contents), area, area);
        byte[] breakpoints = new byte[CaseLayout.CODE_SIZE];
        Arrays.fill(breakpoints, (byte) INT3);
        memory.write(CODE, breakpoints);

        cr3 = TABLES;
        cr0 = ControlBits.CR0_PE | ControlBits.CR0_PG | ControlBits.CR0_NE | ControlBits.CR0_WP | ControlBits.CR0_ET
                | ControlBits.CR0_AM | ControlBits.CR0_MP;
        cr4 = ControlBits.CR4_PAE | ControlBits.CR4_OSFXSR | ControlBits.CR4_OSXMMEXCPT | ControlBits.CR4_FSGSBASE
                | ControlBits.CR4_OSXSAVE;
        xcr0 = 7;
        efer = ControlBits.EFER_LME | ControlBits.EFER_LMA | ControlBits.EFER_NXE | ControlBits.EFER_SCE;
        selector[LDTR] = 0;
        access[LDTR] = UNUSABLE;
        enterUserMode(true);
    }

    /**
     * The system's side. Software interrupts are delivered in earnest: a handler is an end of the case, and sits on 8 bytes
     * each. All other exceptions are recorded before.
     */
    private void kernel(int processor) {
        for (int page = 0; page < KERNEL_PAGES; page++) {
            map(KERNEL + page * PAGE_SIZE, GDT + page * PAGE_SIZE, WRITABLE);
        }
        for (int i = 0; i < DESCRIPTORS.length; i++) {
            memory.writeLong(GDT + 8L * i, DESCRIPTORS[i]);
        }
        memory.writeShort(GDT + (CaseLayout.SELECTOR_CPUNODE & ~7), (short) processor);
        for (int i = 0; i < VECTORS; i++) {
            long handler = HANDLERS + 8L * i;
            int rights = INTERRUPT_GATE | (i == BREAKPOINT || i == OVERFLOW ? USER_LEVEL : 0);
            long gate = handler & 0xffff | KERNEL_CODE << 16 | (long) rights << 40 | (handler >>> 16 & 0xffff) << 48;
            memory.writeLong(GDT + IDT_OFFSET + 16L * i, gate);
            memory.writeLong(GDT + IDT_OFFSET + 16L * i + 8, handler >>> 32);
            memory.write(GDT + (HANDLERS - KERNEL) + 8L * i, END);
        }
        memory.write(GDT + (SYSTEM_CALL - KERNEL), END);
        lstar = SYSTEM_CALL;
        star = (long) KERNEL_CODE << 32;
        memory.writeLong(GDT + TSS_OFFSET + 4, KERNEL_STACK);
        memory.writeShort(GDT + TSS_OFFSET + 0x66, (short) (TSS_LIMIT + 1));
        gdtBase = KERNEL;
        gdtLimit = 8 * DESCRIPTORS.length - 1;
        idtBase = KERNEL + IDT_OFFSET;
        idtLimit = 16 * VECTORS - 1;
        selector[TR] = 0x40;
        access[TR] = 0x8b;
        limit[TR] = TSS_LIMIT;
        setSegmentBase(TR, KERNEL + TSS_OFFSET);
    }

    /**
     * Builds one.
     *
     * @param features of the decoder, {@link dev.quoll.emulator.isa.CpuFeature} bits
     * @param processor number of the processor that the witness runs on
     * @param contents of the data areas, as for {@link Witness#start}
     */
    static LabCpu create(long features, int processor, byte[] contents) throws IOException {
        GuestMemory memory = GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, RAM, 0)));
        return new LabCpu(Arena.ofConfined(), memory, features, processor, contents);
    }

    private void enterUserMode(boolean wide) {
        cpl = 3;
        codeSelector = wide ? CaseLayout.SELECTOR_CODE64 : CaseLayout.SELECTOR_CODE32;
        segment(CS, codeSelector, 0xfb | (wide ? DESCRIPTOR_L : DESCRIPTOR_DB) | 0x8000);
        segment(SS, USER_DATA, 0xf3 | DESCRIPTOR_DB | 0x8000);
        segment(DS, USER_DATA, 0xf3 | DESCRIPTOR_DB | 0x8000);
        segment(ES, USER_DATA, 0xf3 | DESCRIPTOR_DB | 0x8000);
        loadedSelector = wide ? 0 : USER_DATA;
        if (wide) {
            selector[FS] = 0;
            selector[GS] = 0;
        } else {
            // What a null selector leaves of a segment outside 64-bit code differs even among AMD's processors.
            segment(FS, USER_DATA, 0xf3 | DESCRIPTOR_DB | 0x8000);
            segment(GS, USER_DATA, 0xf3 | DESCRIPTOR_DB | 0x8000);
        }
        updateMode();
    }

    private void segment(int number, int value, int rights) {
        selector[number] = value;
        access[number] = rights;
        limit[number] = 0xffffffffL;
        setSegmentBase(number, 0);
    }

    private void map(long linear, long physicalPage, long rights) {
        long table = TABLES;
        for (int shift = 39; shift > 12; shift -= 9) {
            long entry = table + (linear >>> shift & 511) * 8;
            if (memory.readLong(entry) == 0) {
                memory.writeLong(entry, nextTable | USER | WRITABLE | PRESENT);
                nextTable += PAGE_SIZE;
            }
            table = memory.readLong(entry) & -PAGE_SIZE;
        }
        memory.writeLong(table + (linear >>> 12 & 511) * 8, physicalPage | rights | PRESENT);
    }

    /** Where a byte of the data areas lies in RAM; all RAM is one region at 0. */
    private static long physical(long linear) {
        boolean high = linear >= CaseLayout.DATA_HIGH;
        long offset = linear - (high ? CaseLayout.DATA_HIGH : CaseLayout.DATA_LOW);
        return DATA + (high ? 0x40000 : 0) + (offset / PAGE_SIZE) * DATA_STEP + offset % PAGE_SIZE;
    }

    /** Sets a piece of a data area. */
    void fill(long linear, MemorySegment source, long offset, int length) {
        for (int done = 0; done < length; ) {
            int piece = Math.min(length - done, PAGE_SIZE - (int) ((linear + done) & PAGE_SIZE - 1));
            MemorySegment.copy(source, offset + done, ram, physical(linear + done), piece);
            done += piece;
        }
    }

    /** Reads a piece of a data area. */
    void fetch(long linear, MemorySegment target, long offset, int length) {
        for (int done = 0; done < length; ) {
            int piece = Math.min(length - done, PAGE_SIZE - (int) ((linear + done) & PAGE_SIZE - 1));
            MemorySegment.copy(ram, physical(linear + done), target, offset + done, piece);
            done += piece;
        }
    }

    /**
     * Whether the writable part of a data area holds these bytes.
     *
     * @param leeway says of two bytes that differ, ours and the other, whether they may
     */
    boolean holds(long linear, MemorySegment expected, long offset, Leeway.Bytes leeway) {
        for (int page = 0; page < CaseLayout.DATA_WRITABLE; page += PAGE_SIZE) {
            long at = physical(linear + page);
            for (long from = 0; from < PAGE_SIZE; ) {
                long mismatch = MemorySegment.mismatch(
                        ram, at + from, at + PAGE_SIZE, expected, offset + page + from, offset + page + PAGE_SIZE);
                if (mismatch < 0) {
                    break;
                }
                from += mismatch;
                if (!leeway.mayDiffer(
                        ram.get(JAVA_BYTE, at + from), expected.get(JAVA_BYTE, offset + page + from))) {
                    return false;
                }
                from++;
            }
        }
        return true;
    }

    /** Places code at a linear address of a code area, for the following {@link #run}s. */
    void place(byte[] code, long address, boolean wide) {
        int offset = (int) address & CaseLayout.CODE_SIZE - 1;
        memory.write(CODE + offset, code);
        if (offset + code.length + END.length <= CaseLayout.CODE_SIZE) {
            memory.write(CODE + offset + code.length, END);
        }
        invalidateAll();
        instruction = address;
        end = address + code.length;
        lacking = false;
        enterUserMode(wide);
    }

    /** Takes away what was placed. */
    void unplace(int length) {
        int offset = (int) instruction & CaseLayout.CODE_SIZE - 1;
        byte[] breakpoints = new byte[Math.min(length + END.length, CaseLayout.CODE_SIZE - offset)];
        Arrays.fill(breakpoints, (byte) INT3);
        memory.write(CODE + offset, breakpoints);
    }

    /** Whether the product has no op for what was run last. */
    boolean lacksOp() {
        return lacking;
    }

    void setLacking() {
        lacking = true;
    }

    /**
     * Runs a case: what was placed, from the state at {@code in}; the state it leaves is put at {@code out}.
     */
    void run(MemorySegment in, long at, MemorySegment out, long to) {
        for (int i = 0; i < 2; i++) {
            int length = in.get(JAVA_INT_UNALIGNED, at + CaseLayout.CASE_WINDOW_LENGTH + 4 * i);
            if (length != 0) {
                fill(
                        in.get(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_WINDOW_ADDRESS + 8 * i),
                        in,
                        at + CaseLayout.CASE_WINDOW + CaseLayout.WINDOW_SIZE * i,
                        length);
            }
        }
        load(in, at);
        setRip(instruction);
        vector = ENDED;
        error = 0;
        left = 0;
        cr2 = 0;
        debugChanged();
        runBlocks();
        boolean inKernel = cpl == 0;
        if (inKernel) {
            leaveHandler();
        }
        store(out, to);
        for (int i = 0; i < 2; i++) {
            int length = in.get(JAVA_INT_UNALIGNED, at + CaseLayout.CASE_WINDOW_LENGTH + 4 * i);
            if (length != 0) {
                fetch(
                        in.get(JAVA_LONG_UNALIGNED, at + CaseLayout.CASE_WINDOW_ADDRESS + 8 * i),
                        out,
                        to + CaseLayout.CASE_WINDOW + CaseLayout.WINDOW_SIZE * i,
                        length);
            }
        }
        if (changedSegments || inKernel) {
            enterUserMode(codeSelector == CaseLayout.SELECTOR_CODE64);
        }
    }

    private boolean changedSegments;

    /** Takes the state before a software interrupt from its handler's stack. */
    private void leaveHandler() {
        if (rip() == SYSTEM_CALL) {
            vector = CaseLayout.VECTOR_SYSTEM_CALL;
            setRip(get64(StateLayout.RCX));
            setRflags(get64(StateLayout.gpr(11)));
            selector[CS] = codeSelector;
            selector[SS] = USER_DATA;
            left = segmentsLeft(codeSelector, USER_DATA);
            return;
        }
        vector = (rip() - HANDLERS) / 8;
        long frame = get64(StateLayout.RSP);
        setRip(loadSystem(frame, 8));
        setRflags(loadSystem(frame + 16, 8));
        set64(StateLayout.RSP, loadSystem(frame + 24, 8));
        selector[CS] = (int) loadSystem(frame + 8, 8);
        selector[SS] = (int) loadSystem(frame + 32, 8);
        left = segmentsLeft(selector[CS], selector[SS]);
    }

    private static long segmentsLeft(int code, int stack) {
        return (long) code << 32 | (long) stack << 48;
    }

    /** The case as numbers: through arrays, the copying costs a tenth of what it does through segments. */
    private final long[] numbers = new long[CaseLayout.CASE_SIZE / 8];

    private long number(int offset) {
        return numbers[offset >> 3];
    }

    private void load(MemorySegment in, long at) {
        MemorySegment.copy(in, JAVA_LONG_UNALIGNED, at, numbers, 0, numbers.length);
        clearAllEvents();
        for (int i = 0; i < 16; i++) {
            set64(StateLayout.gpr(i), number(CaseLayout.CASE_GPR + 8 * i));
        }
        setRflags(number(CaseLayout.CASE_FLAGS));
        selectContext();
        setSegmentBase(FS, number(CaseLayout.CASE_FS_BASE));
        setSegmentBase(GS, number(CaseLayout.CASE_GS_BASE));
        int image = CaseLayout.CASE_IMAGE;
        for (int i = 0; i < 16; i++) {
            int slot = StateLayout.xmm(i);
            set64(slot, number(image + IMAGE_XMM + 16 * i));
            set64(slot + 8, number(image + IMAGE_XMM + 16 * i + 8));
            set64(slot + 16, number(image + IMAGE_YMM + 16 * i));
            set64(slot + 24, number(image + IMAGE_YMM + 16 * i + 8));
        }
        put32(StateLayout.MXCSR, (int) number(image + IMAGE_MXCSR));
        // Control word, status word, abridged tags and opcode share the first eight bytes.
        long first = number(image);
        put32(StateLayout.X87_CONTROL, (int) first & 0xffff);
        int status = (int) (first >>> 8 * IMAGE_STATUS) & 0xffff;
        put32(StateLayout.X87_STATUS, status);
        int top = status >> 11 & 7;
        int inUse = (int) (first >>> 8 * IMAGE_TAGS);
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int slot = StateLayout.X87 + 16 * i;
            int from = image + IMAGE_STACK + 16 * (i - top & 7);
            set64(slot, number(from));
            set64(slot + 8, number(from + 8) & 0xffffL);
            tags |= (inUse >> i & 1) == 0 ? 3 << 2 * i : 0;
        }
        put32(StateLayout.X87_TAG, tags);
        put32(StateLayout.X87_OPCODE, (int) (first >>> 8 * IMAGE_OPCODE) & 0x7ff);
        set64(StateLayout.X87_INSTRUCTION, number(image + IMAGE_INSTRUCTION));
        set64(StateLayout.X87_DATA, number(image + IMAGE_DATA));
        put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0);
        put32(StateLayout.X87_DATA_SELECTOR, 0);
    }

    private void put(int offset, long value) {
        numbers[offset >> 3] = value;
    }

    private void store(MemorySegment out, long to) {
        for (int i = 0; i < 16; i++) {
            put(CaseLayout.CASE_GPR + 8 * i, get64(StateLayout.gpr(i)));
        }
        put(CaseLayout.CASE_FLAGS, rflags());
        put(CaseLayout.CASE_FS_BASE, segmentBase(FS));
        put(CaseLayout.CASE_GS_BASE, segmentBase(GS));
        put(CaseLayout.CASE_RIP, vector == ENDED ? 0 : rip());
        put(CaseLayout.CASE_VECTOR, vector);
        put(CaseLayout.CASE_ERROR, error);
        put(CaseLayout.CASE_ADDRESS, cr2);
        put(CaseLayout.CASE_SEGMENTS, selector[DS] | (long) selector[ES] << 16 | left);
        changedSegments = selector[DS] != USER_DATA || selector[ES] != USER_DATA || selector[FS] != loadedSelector
                || selector[GS] != loadedSelector || selector[CS] != codeSelector || selector[SS] != USER_DATA;
        int image = CaseLayout.CASE_IMAGE;
        for (int i = 0; i < 16; i++) {
            int slot = StateLayout.xmm(i);
            put(image + IMAGE_XMM + 16 * i, get64(slot));
            put(image + IMAGE_XMM + 16 * i + 8, get64(slot + 8));
            put(image + IMAGE_YMM + 16 * i, get64(slot + 16));
            put(image + IMAGE_YMM + 16 * i + 8, get64(slot + 24));
        }
        put(image + IMAGE_MXCSR, get32(StateLayout.MXCSR));
        int status = get32(StateLayout.X87_STATUS);
        int top = status >> 11 & 7;
        long inUse = 0;
        for (int i = 0; i < 8; i++) {
            int slot = StateLayout.X87 + 16 * i;
            int at = image + IMAGE_STACK + 16 * (i - top & 7);
            put(at, get64(slot));
            put(at + 8, get16(slot + 8) & 0xffffL);
            inUse |= (get32(StateLayout.X87_TAG) >> 2 * i & 3) != 3 ? 1L << i : 0;
        }
        put(image, get32(StateLayout.X87_CONTROL) & 0xffffL
                | (status & 0xffffL) << 8 * IMAGE_STATUS
                | inUse << 8 * IMAGE_TAGS
                | (get32(StateLayout.X87_OPCODE) & 0xffffL) << 8 * IMAGE_OPCODE);
        put(image + IMAGE_INSTRUCTION, get64(StateLayout.X87_INSTRUCTION));
        put(image + IMAGE_DATA, get64(StateLayout.X87_DATA));
        MemorySegment.copy(numbers, 0, out, JAVA_LONG_UNALIGNED, to, numbers.length);
    }

    private void delivered(int number, int code) {
        vector = number;
        error = code;
        left = segmentsLeft(selector[CS], selector[SS]);
        raise(EVENT_KICK);
    }

    @Override
    protected boolean handleEvents(int events) {
        boolean ended = (events & EVENT_KICK) != 0;
        clearEvents(EVENT_KICK | EVENT_INTERRUPT);
        return !ended;
    }

    @Override
    protected void shutdown(String cause) {
        throw new AssertionError(cause);
    }

    @Override
    protected long readDevice(long physicalAddress, int size) {
        throw new AssertionError("no device at " + physicalAddress);
    }

    @Override
    protected void writeDevice(long physicalAddress, int size, long value) {
        throw new AssertionError("no device at " + physicalAddress);
    }

    @Override
    public void close() {
        closeTier();
        memory.close();
        arena.close();
    }

    private boolean endsAt(long place) {
        return cpl == 0 || place == end;
    }

    /** Ends a case behind its instruction; anywhere else it is RSM, which user code has not. */
    private static final class Stop extends Op {
        @Override
        public Block run(Cpu cpu) {
            if (!((LabCpu) cpu).endsAt(rip(cpu))) {
                throw cpu.invalidOpcode(this);
            }
            cpu.raise(EVENT_KICK);
            return cpu.leave(rip(cpu));
        }
    }

    private record EndAtRsm(OpTranslator product) implements OpTranslator {
        @Override
        public Op translate(
                Instruction instruction, BlockContext context) {
            if (instruction.mnemonic() == Mnemonic.RSM) {
                return new Stop();
            }
            Op op = product.translate(instruction, context);
            return ProductInterpreter.lacks(op) ? new Lacking() : op;
        }

        @Override
        public Op fuse(
                Instruction first,
                Instruction second,
                Op op,
                BlockContext context) {
            return product.fuse(first, second, op, context);
        }
    }

    /** Stands for an instruction without op. */
    private static final class Lacking extends Op {
        @Override
        public Block run(Cpu cpu) {
            ((LabCpu) cpu).setLacking();
            cpu.raise(EVENT_KICK);
            return cpu.leave(rip(cpu));
        }
    }
}
