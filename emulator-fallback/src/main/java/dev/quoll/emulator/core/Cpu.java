package dev.quoll.emulator.core;

import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.machine.InterruptLine;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What instructions see of a vCPU: registers and memory from the classes it extends, and here the ways to fault, to
 * leave the block, and to change the mode. The loop that runs blocks is {@link CpuLoop}.
 *
 * <p>All methods belong to the vCPU's thread, but for {@link #raise(int)}.
 */
public abstract class Cpu extends LinearMemory {
    // Events: bits that make the loop look up at the next block boundary.

    /** Leave run(): pause, stop, reset. */
    public static final int EVENT_KICK = 1;
    /** The APIC may have an interrupt, or interrupts have just been enabled. */
    public static final int EVENT_INTERRUPT = 2;
    public static final int EVENT_NMI = 4;
    public static final int EVENT_INIT = 8;
    public static final int EVENT_STARTUP = 16;
    /** Another thread has written to pages that hold code. */
    public static final int EVENT_INVALIDATE = 32;
    /** The next instruction has to run alone: interrupt shadow, TF, breakpoints, self-modification. */
    public static final int EVENT_SINGLE = 64;
    /** HLT, shutdown, wait-for-SIPI. */
    public static final int EVENT_ACTIVITY = 128;
    /** Another vCPU wants to be alone for a moment. */
    static final int EVENT_STOP = 256;
    /** The memory map has changed. */
    static final int EVENT_REMAPPED = 512;
    /** Somebody asks where the guest is. */
    protected static final int EVENT_SAMPLE = 1024;

    private static final VarHandle EVENTS;

    static {
        try {
            EVENTS = MethodHandles.lookup().findVarHandle(Cpu.class, "events", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private int events;
    /** Translated code looks at {@link StateLayout#POLL}; set before the first run. */
    boolean nativePolls;
    private final GuestFault guestFault = new GuestFault();

    // The exception being raised, valid while a GuestFault unwinds.
    int faultVector;
    boolean faultHasError;
    int faultError;

    /** {@link Mode} of the code that runs now. */
    int mode;
    /** ANDed to RIP: 32 bits outside 64-bit code. */
    private long ripMask = -1L;
    /** CS outside 64-bit code, as of the last {@link #updateMode}: what RIP leads to depends on it. */
    private long codeBase;

    private long codeLimit;
    /** The block that runs now. */
    Block current;

    /** Interrupts are held back for one instruction after STI. */
    boolean stiShadow;
    /** Interrupts and debug traps are held back for one instruction after MOV SS or POP SS. */
    boolean movSsShadow;
    /** A single-step trap follows the running instruction. */
    boolean trapDue;
    /** A repeated instruction has stopped between two iterations because something is waiting. */
    boolean inRepetition;
    /** A single-step trap is due before anything else, though the last instruction began without TF. */
    boolean trapNow;
    /** NMIs are blocked until IRET. */
    public boolean nmiBlocked;

    private CpuPlatform platform;
    private final X87Operation x87Operation = new X87Operation();

    Cpu(Arena arena, PhysicalMemory physical, CpuGroup group) {
        super(arena, physical, group);
    }

    /** What lies outside the core. */
    public final CpuPlatform platform() {
        return platform;
    }

    /** Sets {@link #platform()}; once, before the first instruction. */
    public final void attach(CpuPlatform cpuPlatform) {
        platform = cpuPlatform;
    }

    /** The scratch object of x87 arithmetic. */
    public final X87Operation x87Operation() {
        return x87Operation;
    }

    // Events.

    /** Sets event bits; any thread. Does not wake a halted vCPU by itself, see {@link CpuLoop}. */
    public final void raise(int bits) {
        EVENTS.getAndBitwiseOr(this, bits);
        if (nativePolls) {
            put32(StateLayout.POLL, 1);
        }
    }

    final int events() {
        return (int) EVENTS.getAcquire(this);
    }

    /** Whether a long-running instruction should stop at its next restart point. */
    public final boolean eventPending() {
        return events() != 0;
    }

    /** Takes back event bits. */
    protected final void clearEvents(int bits) {
        EVENTS.getAndBitwiseAnd(this, ~bits);
    }

    /** The event bits set now. */
    protected final int pendingEvents() {
        return events();
    }

    /** Forgets all events and shadows, for a reset. */
    protected final void clearAllEvents() {
        clearEvents(-1);
        endShadows();
        nmiBlocked = false;
        numericErrorSignalled = false;
    }

    // Faults. Each returns what the caller throws.

    @Override
    public final GuestFault fault(Op op, int vector, boolean hasError, int error) {
        if (op != null) {
            setRip(op.rip(this));
        }
        faultVector = vector;
        faultHasError = hasError;
        faultError = error;
        return guestFault;
    }

    /**
     * What an instruction that works in steps raises when a step behind the first faults: traps of the steps before come in
     * the fault's stead, with RF set, and the instruction goes on behind them (SDM vol. 2, VGATHERDPD).
     *
     * @param fault what the step has raised; RIP stands at the instruction
     * @param address CR2 before it
     */
    public abstract GuestFault afterProgress(GuestFault fault, long address);

    /** #DE. */
    public final GuestFault divideError(Op op) {
        return fault(op, 0, false, 0);
    }

    /** #UD. */
    public final GuestFault invalidOpcode(Op op) {
        return fault(op, 6, false, 0);
    }

    /** #NM. */
    public final GuestFault deviceNotAvailable(Op op) {
        return fault(op, 7, false, 0);
    }

    /** #TS. */
    public final GuestFault invalidTss(Op op, int error) {
        return fault(op, 10, true, error);
    }

    /** #NP. */
    public final GuestFault segmentNotPresent(Op op, int error) {
        return fault(op, 11, true, error);
    }

    /** #SS. */
    public final GuestFault stackFault(Op op, int error) {
        return fault(op, 12, true, error);
    }

    /** #GP. */
    public final GuestFault generalProtection(Op op, int error) {
        return fault(op, 13, true, error);
    }

    /** #MF. */
    public final GuestFault x87Fault(Op op) {
        return fault(op, 16, false, 0);
    }

    /** #XM. */
    public final GuestFault simdFault(Op op) {
        return fault(op, 19, false, 0);
    }

    // x87 exceptions the way of the 80387, through FERR# and IGNNE#.

    /** In {@link #faultVector}: nothing is raised, the instruction starts over once the pending interrupt has been taken. */
    static final int RESTART = -1;

    private volatile InterruptLine numericErrorLine;
    private volatile boolean numericErrorIgnored;
    private boolean numericErrorSignalled;

    /** Connects FERR#; before the first run. */
    public final void setNumericErrorLine(InterruptLine line) {
        numericErrorLine = line;
    }

    /** IGNNE#; any thread. */
    public final void ignoreNumericError(boolean asserted) {
        numericErrorIgnored = asserted;
    }

    /**
     * An x87 instruction finds an unmasked exception pending and CR0.NE clear. Asserts FERR# and lets an interrupt that this brings come
     * first (SDM vol. 1, 8.7; APM vol. 2, 8.2.18). The processor would stand still until then; with interrupts disabled, or nothing
     * connected, execution goes on here, as if IGNNE# were asserted.
     */
    final void waitForNumericError(Op op) {
        InterruptLine line = numericErrorLine;
        if (line == null || numericErrorIgnored) {
            return;
        }
        numericErrorSignalled = true;
        line.setLevel(true);
        if (flag(Flags.IF) && (events() & EVENT_INTERRUPT) != 0) {
            throw fault(op, RESTART, false, 0);
        }
    }

    /** The x87 status word may have lost its pending exception: FERR# is deasserted then. */
    public final void numericErrorSettled() {
        if (numericErrorSignalled && (get32(StateLayout.X87_STATUS) & MmxRegisters.EXCEPTION_SUMMARY) == 0) {
            numericErrorSignalled = false;
            numericErrorLine.setLevel(false);
        }
    }

    // SSE arithmetic. The architectural MXCSR is the slot of the state block; what computes reads it from a copy.

    private final Mxcsr simd = new Mxcsr();

    /** The environment of an SSE computation; after its last operand has been read, since a fault must not leave it open. */
    public final Mxcsr beginSimd() {
        int value = get32(StateLayout.MXCSR);
        if (simd.value() != value) {
            simd.load(value);
        }
        return simd;
    }

    /** Ends a computation before its result is written: keeps its flags, and raises what is unmasked (SDM vol. 1, 11.5). */
    public final void endSimd(Op op) {
        if (simd.raised() != 0) {
            commitSimd(op);
        }
    }

    private void commitSimd(Op op) {
        boolean masked = simd.commit();
        put32(StateLayout.MXCSR, simd.value());
        if (!masked) {
            throw (cr4 & ControlBits.CR4_OSXMMEXCPT) != 0 ? simdFault(op) : invalidOpcode(op);
        }
    }

    // Mode.

    /** A RIP wrapped to the code segment's address size. */
    final long inCodeSegment(long rip) {
        return rip & ripMask;
    }

    /** {@link Mode} bits of the code that runs now. */
    public final int modeBits() {
        return mode;
    }

    public final boolean inStiShadow() {
        return stiShadow;
    }

    public final boolean inMovSsShadow() {
        return movSsShadow;
    }

    /** Whether 64-bit code runs. */
    public final boolean is64() {
        return Mode.is64(mode);
    }

    /** Whether no direct branch within a page can leave the code segment. */
    public final boolean unlimitedCode() {
        return (mode & Mode.LIMITED) == 0;
    }

    /** Whether EFER.LMA is set. */
    public final boolean longMode() {
        return (efer & ControlBits.EFER_LMA) != 0;
    }

    public final boolean protectedMode() {
        return (cr0 & ControlBits.CR0_PE) != 0;
    }

    public final boolean virtual8086() {
        return flag(Flags.VM);
    }

    /** Bytes of the stack pointer in use: 2, 4 or 8. */
    public final int stackSize() {
        return is64() ? 8 : (access[SS] & DESCRIPTOR_DB) != 0 ? 4 : 2;
    }

    /** D/B and L bits in {@link #access}. */
    public static final int DESCRIPTOR_DB = 1 << 14;

    public static final int DESCRIPTOR_L = 1 << 13;

    /**
     * Recomputes everything derived from segments, control registers, EFER, XCR0, CPL and RFLAGS.VM/AC. Whoever changes
     * one of these calls it before the block ends. Does not flush the TLB.
     */
    public final void updateMode() {
        int bits;
        boolean protectedMode = protectedMode();
        boolean inLongMode = longMode();
        if (inLongMode && (access[CS] & DESCRIPTOR_L) != 0) {
            bits = 2;
            ripMask = -1L;
        } else {
            bits = (access[CS] & DESCRIPTOR_DB) != 0 ? 1 : 0;
            ripMask = 0xffffffffL;
            if (codeBase != segmentBase(CS) || codeLimit != limit[CS]) {
                codeBase = segmentBase(CS);
                codeLimit = limit[CS];
                renewGenerations();
            }
            if (codeLimit != 0xffffffffL || (codeBase & ~PAGE) != 0) {
                bits |= Mode.LIMITED;
            }
            if ((access[SS] & DESCRIPTOR_DB) != 0) {
                bits |= Mode.STACK32;
            }
            if (protectedMode && !virtual8086() && flat(ES) && flat(SS) && flat(DS)) {
                bits |= Mode.FLAT;
            }
        }
        bits |= cpl == 3 ? Mode.USER : 0;
        bits |= protectedMode ? Mode.PROTECTED : 0;
        bits |= virtual8086() ? Mode.VIRTUAL_8086 : 0;
        bits |= inLongMode ? Mode.LONG : 0;
        bits |= (cr0 & ControlBits.CR0_EM) != 0 ? Mode.FPU_EMULATED : 0;
        bits |= (cr0 & ControlBits.CR0_TS) != 0 ? Mode.TASK_SWITCHED : 0;
        bits |= (cr4 & ControlBits.CR4_OSFXSR) != 0 ? Mode.OS_FXSR : 0;
        bits |= (cr4 & ControlBits.CR4_OSXSAVE) != 0 && (xcr0 & 6) == 6 ? Mode.AVX_ENABLED : 0;
        mode = bits;
        linearMask = ripMask;
        flatLimit = (bits & Mode.FLAT) != 0 ? 0xffffffffL : Long.MAX_VALUE;
        signShift = inLongMode && (cr4 & ControlBits.CR4_LA57) != 0 ? 7 : 16;
        selectContext();
        debugChanged();
    }

    /** Whether every access through a data segment in protected mode is sure to pass. */
    private boolean flat(int segment) {
        return access[segment] != UNUSABLE
                && (access[segment] & 0x9e) == 0x92
                && limit[segment] == 0xffffffffL
                && segmentBase(segment) == 0;
    }

    /** Re-evaluates TF and DR7: while either is armed, instructions run one by one. */
    public final void debugChanged() {
        if (singleStepping()) {
            raise(EVENT_SINGLE);
        }
    }

    /** Whether instructions, and iterations of repeated ones, run one by one because of TF or enabled breakpoints. */
    public final boolean singleStepping() {
        return flag(Flags.TF) || (dr7 & 0xff) != 0;
    }

    /** IF may have become 1, or TPR lower: the loop looks for interrupts at the next boundary. */
    public final void interruptsMayBeOpen() {
        if (flag(Flags.IF) && platform.interruptDeliverable()) {
            raise(EVENT_INTERRUPT);
        }
    }

    /** STI has just set IF: the next instruction still runs without interrupts (SDM vol. 3, 6.8.3). */
    public final void beginStiShadow() {
        stiShadow = true;
        raise(EVENT_SINGLE);
    }

    /** MOV SS or POP SS: the next instruction runs without interrupts and debug traps (SDM vol. 3, 6.8.3). */
    public final void beginMovSsShadow() {
        movSsShadow = true;
        raise(EVENT_SINGLE);
    }

    /** The running instruction cleared TF: no single-step trap follows it (SDM vol. 3, 18.3.1.4). */
    public final void dropTrap() {
        trapDue = false;
    }

    /** The running instruction has set TF and traps at once, as SYSRET does: the system call it ends counts as stepped. */
    public final void trapAtOnce() {
        trapNow = true;
        raise(EVENT_SINGLE);
    }

    /** Forgets what instructions hold back for the next one, for INIT and reset. */
    public final void endShadows() {
        stiShadow = false;
        movSsShadow = false;
        inRepetition = false;
        trapNow = false;
    }

    /** A port has been read or written: I/O breakpoints (SDM vol. 3, 18.2.4). */
    public abstract void watchPort(int port, int width);

    // Leaving a block.

    /**
     * The block at an offset of the page that runs now, for direct jumps within it; may be remembered by the caller for
     * as long as its own block lives. Null, with RIP set, where the lookup has to take over.
     */
    public abstract Block blockInPage(int ip);

    /** Whether a block that jumps to itself may do so at once; takes note of that. */
    abstract boolean repeats(Block block);

    /**
     * Goes to a computed address in the current code segment: returns the block when it is at hand, else null.
     *
     * @param rip not yet wrapped to the segment's size
     */
    public abstract Block jump(long rip);

    /** Refuses a near branch target outside the code segment or, in 64-bit code, a non-canonical one. */
    public final void checkTarget(Op op, long rip) {
        if (is64() ? rip << 16 >> 16 != rip && !canonical(rip) : rip > limit[CS]) {
            throw generalProtection(op, 0);
        }
    }

    /**
     * Whether the processor's linear addresses are wide enough for a segment base or an address in a model-specific
     * register, whatever the paging mode is now (SDM vol. 3, 4.5.3).
     */
    public final boolean canonicalBase(long address) {
        int shift = (platform.cr4Mask() & ControlBits.CR4_LA57) != 0 ? 7 : 16;
        return address << shift >> shift == address;
    }

    /** Ends a block after an instruction that changed RIP, mode or memory maps in any way: a fresh lookup follows. */
    public final Block leave(long rip) {
        drainStores();
        setRip(rip);
        return null;
    }

    /**
     * Stops a repeated instruction between two iterations; RIP stays at it. What is pushed now has RF set, so that its
     * own breakpoint does not hit a second time (SDM vol. 3, 18.3.1.1).
     */
    public final Block leaveRepetition(Op op) {
        inRepetition = eventPending() || singleStepping();
        return leave(op.rip(this));
    }

    // Stack in any mode. 64-bit code has its own fast path in loadStack64 and storeStack64.

    /** Linear address of a stack access at a stack pointer value, checked against SS outside 64-bit code. */
    public final long stackLinear(Op op, long pointer, int size, boolean write) {
        if (is64()) {
            return pointer;
        }
        long offset = stackSize() == 4 ? pointer & 0xffffffffL : pointer & 0xffffL;
        if ((mode & Mode.FLAT) != 0) {
            return offset;
        }
        return checkedLinear(op, SS, offset, size, write);
    }

    /** Pushes 2, 4 or 8 bytes; the stack pointer moves only when the store succeeded. */
    public final void push(Op op, int size, long value) {
        long pointer = get64(StateLayout.RSP) - size;
        long linear = stackLinear(op, pointer, size, true);
        storeStack(op, linear, size, value);
        setStackPointer(pointer);
    }

    /** Pops 2, 4 or 8 bytes, zero-extended; moves the stack pointer. */
    public final long pop(Op op, int size) {
        long pointer = get64(StateLayout.RSP);
        long value = loadStack(op, stackLinear(op, pointer, size, false), size);
        setStackPointer(pointer + size);
        return value;
    }

    /** Reads the stack at an offset from the stack pointer without moving it. */
    public final long peek(Op op, int offset, int size) {
        return loadStack(op, stackLinear(op, get64(StateLayout.RSP) + offset, size, false), size);
    }

    /** Writes RSP, ESP or SP by the stack's size and leaves the bits above alone. */
    public final void setStackPointer(long pointer) {
        switch (stackSize()) {
            case 8 -> set64(StateLayout.RSP, pointer);
            case 4 -> set64(StateLayout.RSP, pointer & 0xffffffffL);
            default -> set16(StateLayout.RSP, (int) pointer);
        }
    }

    // Segmentation outside 64-bit code.

    /**
     * Checks an access against a segment's limit and rights and gives its linear address (SDM vol. 3, 5.3, 5.5).
     *
     * @param size bytes accessed, at least 1
     */
    public final long checkedLinear(Op op, int segment, long offset, int size, boolean write) {
        int rights = access[segment];
        boolean usable = rights != UNUSABLE;
        if (usable && protectedMode() && !virtual8086()) {
            // Type bit 3: code; bit 1: writable data or readable code.
            usable = (rights & 8) != 0 ? !write && (rights & 2) != 0 : !write || (rights & 2) != 0;
        }
        long last = offset + size - 1;
        boolean expandDown = usable && (rights & 0xc) == 4;
        boolean inside = expandDown
                ? offset > limit[segment] && last <= ((rights & DESCRIPTOR_DB) != 0 ? 0xffffffffL : 0xffffL)
                : last <= limit[segment];
        if (!usable || !inside) {
            throw segment == SS ? stackFault(op, 0) : generalProtection(op, 0);
        }
        return offset + segmentBase(segment) & 0xffffffffL;
    }
}
