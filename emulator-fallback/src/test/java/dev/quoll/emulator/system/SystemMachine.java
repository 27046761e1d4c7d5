package dev.quoll.emulator.system;

import dev.quoll.emulator.ProductInterpreter;
import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.CpuPlatform;
import dev.quoll.emulator.core.EventDelivery;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.LongUnaryOperator;

/** A CPU with 16 MiB of RAM, descriptor tables and a platform that records, for tests that place bytes and step. */
final class SystemMachine extends CpuLoop implements CpuPlatform, AutoCloseable {
    static final int CODE64 = 0x08;
    static final int DATA0 = 0x10;
    static final int USER_CODE32 = 0x18;
    static final int USER_DATA = 0x20;
    static final int USER_CODE64 = 0x28;
    static final int CODE32 = 0x30;
    static final int CODE16 = 0x38;
    static final int DATA16 = 0x40;
    static final int TASK = 0x48;
    /** Free for tests: 16 bytes. */
    static final int FREE = 0x58;

    static final int OTHER_TASK = 0x68;
    static final int TASK_GATE = 0x70;

    static final long GDT = 0x1000;
    static final long IDT = 0x2000;
    static final long TSS = 0x4000;
    static final long OTHER_TSS = 0x5000;
    static final long TABLES = 0x10000;
    static final long HANDLERS = 0x20000;
    static final long TEXT = 0x30000;
    static final long USER_STACK = 0x48000;
    static final long KERNEL_STACK = 0x50000;
    static final long RING0_STACK = 0x58000;
    static final long IST_STACK = 0x60008;
    /** A 4 KiB page mapped by a table of its own, see {@link #pageEntry}. */
    static final long PAGE = 0xa00000;

    private static final long RAM = 16 << 20;

    final GuestMemory memory;
    private final Arena arena;
    String shutdown;
    boolean halted;
    int priority;
    /** Bits of CR4 that exist besides the usual ones. */
    long extraCr4;

    int lastPort;
    int lastOut;
    int pendingVector = -1;
    private int steps;
    private boolean nmiPending;
    /** What a read of a place without RAM answers, by its address. */
    LongUnaryOperator onRead = address -> -1;
    /** What a write there does. */
    Runnable onWrite = () -> {
        throw new AssertionError("a store to where there is no RAM");
    };

    private SystemMachine(Arena arena, GuestMemory memory, EventDelivery delivery) {
        super(
                arena,
                new PhysicalMemory(memory, new MmioBus(), 40),
                new Decoder(CpuFeature.ALL),
                ProductInterpreter.create(delivery),
                delivery,
                new CpuGroup(1));
        this.arena = arena;
        this.memory = memory;
        // What is run once meets linked ops, a loop and what is called again fused ones too.
        fuseAfter(2);
        TestTier.translator().ifPresent(code -> translateAfter(1, arena, code, new Decoder(CpuFeature.ALL)));
        TestTier.regions().ifPresent(code -> compileAfter(1, code, new Decoder(CpuFeature.ALL), Runnable::run));
        attach(this);
    }

    private static SystemMachine bare() {
        try {
            GuestMemory memory = GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, RAM, 0)));
            return new SystemMachine(Arena.ofConfined(), memory, new Delivery());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As after reset, but with CS:IP at a flat place below 1 MiB. */
    static SystemMachine real() {
        SystemMachine machine = bare();
        machine.cr0 = ControlBits.CR0_ET;
        for (int segment = ES; segment <= GS; segment++) {
            machine.limit[segment] = 0xffff;
            machine.access[segment] = segment == CS ? 0x9b : 0x93;
        }
        machine.access[LDTR] = UNUSABLE;
        machine.idtLimit = 0x3ff;
        machine.at(CS, 0, TEXT);
        machine.set64(StateLayout.RSP, 0x8000);
        machine.updateMode();
        return machine;
    }

    private void at(int segment, int sel, long base) {
        selector[segment] = sel;
        setSegmentBase(segment, base);
    }

    private void descriptors(boolean longMode) {
        descriptor(CODE64, 0, 0xfffff, 0x9b, 0xa);
        descriptor(DATA0, 0, 0xfffff, 0x93, 0xc);
        descriptor(USER_CODE32, 0, 0xfffff, 0xfb, 0xc);
        descriptor(USER_DATA, 0, 0xfffff, 0xf3, 0xc);
        descriptor(USER_CODE64, 0, 0xfffff, 0xfb, 0xa);
        descriptor(CODE32, 0, 0xfffff, 0x9b, 0xc);
        descriptor(CODE16, 0, 0xffff, 0x9b, 0);
        descriptor(DATA16, 0, 0xffff, 0x93, 0);
        descriptor(TASK, TSS, 0x1fff, 0x8b, 0);
        gdtBase = GDT;
        gdtLimit = 0x7f;
        idtBase = IDT;
        idtLimit = longMode ? 0xfff : 0x7ff;
        at(TR, TASK, TSS);
        access[TR] = 0x8b;
        limit[TR] = 0x1fff;
        access[LDTR] = UNUSABLE;
        cr0 = ControlBits.CR0_PE | ControlBits.CR0_ET | ControlBits.CR0_NE | ControlBits.CR0_WP;
    }

    /** Long mode at CPL 0 or 3, identity-mapped with 2 MiB pages that users may use, but for {@link #PAGE}. */
    static SystemMachine longMode(int level) {
        SystemMachine machine = bare();
        machine.descriptors(true);
        GuestMemory memory = machine.memory;
        memory.writeLong(TABLES, TABLES + 0x1000 | 7);
        memory.writeLong(TABLES + 0x1000, TABLES + 0x2000 | 7);
        for (int i = 0; i < 8; i++) {
            memory.writeLong(TABLES + 0x2000 + 8 * i, (long) i << 21 | 0x87);
        }
        memory.writeLong(TABLES + 0x2000 + 8 * 5, TABLES + 0x3000 | 7);
        machine.pageEntry(PAGE | 7);
        // TSS: RSP0 and IST1.
        memory.writeLong(TSS + 4, RING0_STACK);
        memory.writeLong(TSS + 0x24, IST_STACK);
        machine.cr0 |= ControlBits.CR0_PG;
        machine.cr3 = TABLES;
        machine.cr4 = ControlBits.CR4_PAE;
        machine.efer = ControlBits.EFER_LME | ControlBits.EFER_LMA | ControlBits.EFER_SCE | ControlBits.EFER_NXE;
        machine.enter(level == 0 ? CODE64 : USER_CODE64, level == 0 ? DATA0 : USER_DATA, level);
        machine.set64(StateLayout.RSP, level == 0 ? KERNEL_STACK : USER_STACK);
        return machine;
    }

    /** 32-bit protected mode without paging. */
    static SystemMachine protectedMode(int level) {
        SystemMachine machine = bare();
        machine.descriptors(false);
        machine.memory.writeInt(TSS + 4, (int) RING0_STACK);
        machine.memory.writeInt(TSS + 8, DATA0);
        machine.enter(level == 0 ? CODE32 : USER_CODE32, level == 0 ? DATA0 : USER_DATA, level);
        machine.set64(StateLayout.RSP, level == 0 ? KERNEL_STACK : USER_STACK);
        return machine;
    }

    /** Virtual-8086 mode with CS:IP at a flat place below 1 MiB and the monitor's stack in the TSS. */
    static SystemMachine virtualMode() {
        SystemMachine machine = protectedMode(0);
        machine.cpl = 3;
        machine.setRflags(Flags.VM);
        for (int segment = ES; segment <= GS; segment++) {
            SegmentLoader.commitVirtual8086(machine, segment, segment == CS ? (int) (TEXT >> 4) : 0);
        }
        machine.setRip(0);
        machine.set64(StateLayout.RSP, 0x8000);
        machine.updateMode();
        return machine;
    }

    /** Back to where {@link #longMode} and {@link #protectedMode} begin, with descriptors and registers of then. */
    void restart(boolean longMode, int level) {
        descriptors(longMode);
        cr0 |= longMode ? ControlBits.CR0_PG : 0;
        setRflags(2);
        if (longMode) {
            enter(level == 0 ? CODE64 : USER_CODE64, level == 0 ? DATA0 : USER_DATA, level);
        } else {
            enter(level == 0 ? CODE32 : USER_CODE32, level == 0 ? DATA0 : USER_DATA, level);
        }
        set64(StateLayout.RSP, level == 0 ? KERNEL_STACK : USER_STACK);
        endShadows();
        invalidateAll();
    }

    private void enter(int code, int data, int level) {
        cpl = level;
        for (int segment = ES; segment <= GS; segment++) {
            load(segment, (segment == CS ? code : data) & ~3 | level);
            // Levels 1 and 2 have no descriptors of their own: what counts is the hidden part.
            access[segment] = access[segment] & ~0x60 | level << 5;
        }
        setRip(TEXT);
        updateMode();
    }

    private void load(int segment, int sel) {
        SegmentLoader.commit(this, segment, sel, memory.readLong(GDT + (sel & ~7)));
    }

    /** Writes a segment descriptor. @param flags G, D/B, L, AVL */
    void descriptor(int sel, long base, long limit20, int rights, int flags) {
        memory.writeLong(
                GDT + (sel & ~7),
                limit20 & 0xffff
                        | (base & 0xffffff) << 16
                        | (long) rights << 40
                        | (limit20 >>> 16 & 15) << 48
                        | (long) flags << 52
                        | (base >>> 24 & 0xff) << 56);
    }

    /** Writes a gate at an address; @param extra parameter count or IST */
    void gate(long address, int sel, long offset, int rights, int extra) {
        memory.writeLong(
                address,
                offset & 0xffff
                        | (long) sel << 16
                        | (long) extra << 32
                        | (long) rights << 40
                        | (offset >>> 16 & 0xffff) << 48);
    }

    void longGate(int vector, int rights, int stack) {
        gate(IDT + 16L * vector, CODE64, handler(vector), rights, stack);
        memory.writeLong(IDT + 16L * vector + 8, 0);
    }

    void legacyGate(int vector, int sel, int rights) {
        gate(IDT + 8L * vector, sel, handler(vector), rights, 0);
    }

    /** Where a vector's handler is; it holds HLT. */
    long handler(int vector) {
        long address = HANDLERS + 16L * vector;
        memory.writeByte(address, (byte) 0xf4);
        return address;
    }

    /** The entry that maps {@link #PAGE}. */
    void pageEntry(long entry) {
        memory.writeLong(TABLES + 0x3000, entry);
    }

    /** Places code at {@link #TEXT}, bytes given as ints. */
    SystemMachine code(int... bytes) {
        return codeAt(TEXT, bytes);
    }

    SystemMachine codeAt(long address, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            memory.writeByte(address + i, (byte) bytes[i]);
        }
        invalidateAll();
        return this;
    }

    /** Keeps no more decoded instructions than that. */
    SystemMachine holdAtMost(long instructions) {
        limitDecodedCode(instructions);
        return this;
    }

    /** Instructions decoded since the start. */
    long decoded() {
        return statistic("decoded ");
    }

    /** Blocks fused since the start. */
    long fused() {
        return statistic("fused-blocks ");
    }

    long translated() {
        return statistic("translated-blocks ") + statistic("translated-regions ");
    }

    private long statistic(String name) {
        return loopStatistics()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.substring(name.length())))
                .sum();
    }

    /** Tells of bytes written behind the CPU's back. */
    void written(long address, long length) {
        invalidateRange(address, length);
    }

    /** Runs one instruction, and the delivery of what it raises. */
    SystemMachine step() {
        steps = 1;
        raise(EVENT_KICK | EVENT_SINGLE);
        runBlocks();
        return this;
    }

    /** Runs until HLT or shutdown. */
    SystemMachine run() {
        steps = -1;
        halted = false;
        runBlocks();
        return this;
    }

    /** Asks for an external interrupt at the next boundary. */
    void interrupt(int vector) {
        pendingVector = vector;
        raise(EVENT_INTERRUPT);
    }

    /** Asks for an NMI at the next boundary. */
    void nmi() {
        nmiPending = true;
        raise(EVENT_NMI);
    }

    void deliverNow(int vector) {
        deliverExternal(vector);
    }

    long rsp() {
        return get64(StateLayout.RSP);
    }

    long rax() {
        return get64(StateLayout.RAX);
    }

    @Override
    protected boolean handleEvents(int events) {
        clearEvents(events & (EVENT_ACTIVITY | EVENT_INTERRUPT));
        boolean wakes = nmiPending && !nmiBlocked || pendingVector >= 0 && flag(Flags.IF);
        if (shutdown != null || halted && steps < 0 && !wakes) {
            return false;
        }
        halted &= !wakes;
        if ((events & EVENT_KICK) != 0 && steps >= 0 && steps-- == 0) {
            clearEvents(EVENT_KICK);
            return false;
        }
        clearEvents(EVENT_NMI);
        if (nmiPending && !nmiBlocked && !shadowed()) {
            nmiPending = false;
            nmiBlocked = true;
            deliverExternal(2);
        } else if (pendingVector >= 0 && flag(Flags.IF) && !shadowed()) {
            int vector = pendingVector;
            pendingVector = -1;
            deliverExternal(vector);
        }
        return true;
    }

    @Override
    protected void leaveHalt() {
        halted = false;
    }

    @Override
    protected void shutdown(String cause) {
        shutdown = cause;
        raise(EVENT_ACTIVITY);
        steps = Math.min(steps, 0);
    }

    @Override
    protected long readDevice(long physicalAddress, int size) {
        return onRead.applyAsLong(physicalAddress) & -1L >>> 64 - 8 * size;
    }

    @Override
    protected void writeDevice(long physicalAddress, int size, long value) {
        onWrite.run();
    }

    @Override
    public long tsc() {
        return 0x1122334455667788L;
    }

    @Override
    public boolean readMsr(int number, long[] value) {
        value[0] = number;
        return number == 0x10;
    }

    @Override
    public boolean writeMsr(int number, long value) {
        return number == 0x10;
    }

    @Override
    public int readPort(int port, int width) {
        lastPort = port;
        return port ^ 0x5a5a5a5a;
    }

    @Override
    public void writePort(int port, int width, int value) {
        lastPort = port;
        lastOut = value;
    }

    @Override
    public void cpuid(int leaf, int subleaf, int[] registers) {
        for (int i = 0; i < 4; i++) {
            registers[i] = leaf * 16 + subleaf + i;
        }
    }

    @Override
    public int taskPriority() {
        return priority;
    }

    @Override
    public void setTaskPriority(int value) {
        priority = value;
    }

    @Override
    public boolean interruptDeliverable() {
        return pendingVector >= 0;
    }

    @Override
    public void halt() {
        halted = true;
        raise(EVENT_ACTIVITY);
    }

    @Override
    public long random() {
        return 0x0123456789abcdefL;
    }

    @Override
    public long cr4Mask() {
        return 0x370fffL | extraCr4;
    }

    @Override
    public long eferMask() {
        return ControlBits.EFER_SCE | ControlBits.EFER_LME | ControlBits.EFER_LMA | ControlBits.EFER_NXE;
    }

    @Override
    public long xcr0Mask() {
        return 7;
    }

    @Override
    public int physicalAddressBits() {
        return 40;
    }

    @Override
    public void close() {
        closeTier();
        arena.close();
        memory.close();
    }
}
