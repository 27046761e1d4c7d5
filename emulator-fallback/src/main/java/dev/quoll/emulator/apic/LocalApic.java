package dev.quoll.emulator.apic;

import static dev.quoll.emulator.apic.ApicRegister.APR;
import static dev.quoll.emulator.apic.ApicRegister.DFR;
import static dev.quoll.emulator.apic.ApicRegister.EOI;
import static dev.quoll.emulator.apic.ApicRegister.ESR;
import static dev.quoll.emulator.apic.ApicRegister.ICR_HIGH;
import static dev.quoll.emulator.apic.ApicRegister.ICR_LOW;
import static dev.quoll.emulator.apic.ApicRegister.ID;
import static dev.quoll.emulator.apic.ApicRegister.IRR;
import static dev.quoll.emulator.apic.ApicRegister.ISR;
import static dev.quoll.emulator.apic.ApicRegister.LDR;
import static dev.quoll.emulator.apic.ApicRegister.LVT_REMOTE_IRR;
import static dev.quoll.emulator.apic.ApicRegister.LVT_TIMER;
import static dev.quoll.emulator.apic.ApicRegister.PPR;
import static dev.quoll.emulator.apic.ApicRegister.RRD;
import static dev.quoll.emulator.apic.ApicRegister.SELF_IPI;
import static dev.quoll.emulator.apic.ApicRegister.SVR;
import static dev.quoll.emulator.apic.ApicRegister.SVR_WRITABLE;
import static dev.quoll.emulator.apic.ApicRegister.TIMER_CURRENT;
import static dev.quoll.emulator.apic.ApicRegister.TIMER_DIVIDE;
import static dev.quoll.emulator.apic.ApicRegister.TIMER_INITIAL;
import static dev.quoll.emulator.apic.ApicRegister.TMR;
import static dev.quoll.emulator.apic.ApicRegister.TPR;
import static dev.quoll.emulator.apic.ApicRegister.VERSION_REGISTER;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.MsrTable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One CPU's local APIC, with its xAPIC (memory-mapped) and x2APIC (MSR) faces. SDM vol. 3, chapter 12.
 *
 * <p>Threads: register accesses, {@link #acknowledge} and the TPR belong to the CPU's own thread. Requests
 * ({@link #accept} and the message entries used by {@link ApicBus}) come from any thread, take no lock and allocate
 * nothing.
 */
public final class LocalApic {
    /** Frequency of the timer before its divider. */
    public static final long BUS_HZ = 1_000_000_000L;

    /** What {@link #acknowledge} returns when nothing is deliverable (any more). */
    public static final int NONE = -1;

    /** What {@link #acknowledge} returns when the vector is to be had from the external controller (INTA cycle). */
    public static final int EXT_INT = 0x100;

    /** What {@link #readX2Apic} returns for an access that raises #GP; no register can hold it. */
    public static final long FAULT = -1L;

    /** Version 0x14, six LVT entries, EOI broadcasts can be suppressed. */
    static final int VERSION = 0x14 | 5 << 16 | 1 << 24;

    /** Indices of LVT entries, in the order of their offsets. */
    private static final int TIMER = 0;

    private static final int LINT0 = 3;
    private static final int ERROR = 5;

    private static final int LVT_MASKED = 1 << 16;
    private static final int LVT_LEVEL = 1 << 15;

    /** With the APIC off the pins are INTR and NMI (SDM vol. 3, 12.4.3). */
    private static final int[] PIN_OF_DISABLED = {ApicBus.EXT_INT << 8, ApicBus.NMI << 8};

    private static final int SVR_ENABLED = 1 << 8;
    private static final int SVR_NO_EOI_BROADCAST = 1 << 12;

    private static final int ESR_SEND_ILLEGAL_VECTOR = 1 << 5;
    private static final int ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6;
    private static final int ESR_ILLEGAL_REGISTER = 1 << 7;

    /** Modes as bits 11:10 of IA32_APIC_BASE. */
    private static final int DISABLED = 0;

    private static final int INVALID = 1;
    private static final int XAPIC = 2;
    private static final int X2APIC = 3;

    private static final int PAGE_BYTES = 0x400;

    private static final VarHandle LVT = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle ERRORS;

    static {
        try {
            ERRORS = MethodHandles.lookup().findVarHandle(LocalApic.class, "errors", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ApicBus bus;
    private final ApicCpu cpu;
    private final int index;
    private final ApicTimer timer;

    private final VectorBitmap irr = new VectorBitmap();
    private final VectorBitmap tmr = new VectorBitmap();
    private final VectorBitmap isr = new VectorBitmap();
    /** Set after a request, taken back by the CPU's thread when there is none: the cheap answer to "anything?". */
    private volatile boolean attention;
    /** An ExtINT that came as a message. */
    private volatile boolean externalMessage;
    /** Errors since ESR was last written. */
    private volatile int errors;

    private volatile long apicBase;
    private volatile int mode;
    private volatile int ldr;
    private volatile int dfr;
    private volatile int svr;
    private final int[] lvt = new int[ApicRegister.lvtEntries()];

    // The CPU's thread only; lowest-priority arbitration reads ppr from other threads, where an old value does no harm.
    private int tpr;
    private int ppr;
    private int esr;
    private int icrLow;
    private int icrHigh;

    LocalApic(ApicBus bus, int index, ApicCpu cpu) {
        this.bus = bus;
        this.index = index;
        this.cpu = cpu;
        timer = new ApicTimer(bus.clock(), bus.timers(), this::timerExpired);
        reset();
    }


    /** Power-on state; the APIC is globally enabled in xAPIC mode, software-disabled. */
    public void reset() {
        apicBase = MsrTable.APIC_BASE_RESET & (index == 0 ? -1L : ~(1L << 8));
        mode = XAPIC;
        initReset();
    }

    /** What INIT does: all registers but the id and IA32_APIC_BASE as after power-on (SDM vol. 3, 12.4.7.3). */
    public void initReset() {
        timer.reset();
        svr = 0xff;
        dfr = -1;
        ldr = mode == X2APIC ? logicalX2ApicId() : 0;
        for (int entry = 0; entry < lvt.length; entry++) {
            setLvt(entry, LVT_MASKED);
        }
        irr.clearAll();
        tmr.clearAll();
        isr.clearAll();
        externalMessage = false;
        errors = 0;
        esr = 0;
        icrLow = 0;
        icrHigh = 0;
        tpr = 0;
        updatePpr();
        // Whatever still asks from outside (LINT0) is looked at anew.
        attention = true;
    }

    // ---- The CPU loop ----

    /** Whether {@link #acknowledge} has something for the CPU. The CPU's thread; one volatile read when idle. */
    public boolean hasDeliverable() {
        if (!attention) {
            return false;
        }
        if (irr.highest() < 0 && !externalPending()) {
            attention = false;
            // A request between the look and the store has set the flag for nothing: look again.
            if (irr.highest() < 0 && !externalPending()) {
                return false;
            }
            attention = true;
        }
        return externalPending() || deliverableVector() >= 0;
    }

    /**
     * Takes the interrupt to serve now: moves the vector from IRR to ISR.
     *
     * @return the vector, {@link #EXT_INT}, or {@link #NONE}
     */
    public int acknowledge() {
        if (externalPending()) {
            externalMessage = false;
            return EXT_INT;
        }
        int vector = deliverableVector();
        if (vector < 0) {
            return NONE;
        }
        irr.clear(vector);
        isr.set(vector);
        updatePpr();
        return vector;
    }

    /** CR8: the TPR's priority class. */
    public int cr8() {
        return tpr >>> 4;
    }

    /** Sets the TPR to {@code class << 4}. @param priorityClass 0 to 15 */
    public void setCr8(int priorityClass) {
        writeTpr(priorityClass << 4);
    }

    private int deliverableVector() {
        int vector = irr.highest();
        return mode != DISABLED && vector >> 4 > ppr >> 4 ? vector : NONE;
    }

    private boolean externalPending() {
        return externalMessage || bus.lint0High() && acceptsExternal();
    }

    /** LINT0 as INTR: by the LVT entry, or as the plain pin of a CPU whose APIC is off (SDM vol. 3, 12.4.3). */
    private boolean acceptsExternal() {
        int entry = lvt(LINT0);
        return mode == DISABLED || (entry & LVT_MASKED) == 0 && deliveryMode(entry) == ApicBus.EXT_INT;
    }

    private void updatePpr() {
        int inService = isr.highest();
        ppr = inService >> 4 > tpr >> 4 ? inService & 0xf0 : tpr;
    }

    /** After a change on the CPU's own thread that can only have made more deliverable. */
    private void reconsider() {
        attention = true;
        if (hasDeliverable()) {
            cpu.interruptPending();
        }
    }

    private void writeTpr(int value) {
        boolean lower = value < tpr;
        tpr = value;
        updatePpr();
        if (lower) {
            reconsider();
        }
    }

    private void endOfInterrupt() {
        int vector = isr.highest();
        if (vector < 0) {
            return;
        }
        isr.clear(vector);
        updatePpr();
        if (tmr.test(vector)) {
            if ((svr & SVR_NO_EOI_BROADCAST) == 0) {
                bus.endOfInterrupt(vector);
            }
            releaseLint(vector);
        }
        reconsider();
    }

    // ---- Requests, from any thread ----

    /**
     * Requests a vector.
     *
     * @return whether the request is new; false when it merged into one not yet served, or was refused
     */
    boolean accept(int vector, boolean level) {
        if (mode == DISABLED || (svr & SVR_ENABLED) == 0) {
            return false;
        }
        if (vector < 16) {
            raiseError(ESR_RECEIVE_ILLEGAL_VECTOR);
            return false;
        }
        if (level) {
            tmr.set(vector);
        } else {
            tmr.clear(vector);
        }
        if (!irr.set(vector)) {
            return false;
        }
        attention = true;
        cpu.interruptPending();
        return true;
    }

    /** Takes a message of any delivery mode that was found to be for this APIC. */
    void message(int deliveryMode, int vector, boolean level) {
        if (mode == DISABLED) {
            return;
        }
        switch (deliveryMode) {
            case ApicBus.FIXED, ApicBus.LOWEST_PRIORITY -> accept(vector, level);
            case ApicBus.NMI -> cpu.nmi();
            case ApicBus.INIT -> cpu.init();
            case ApicBus.STARTUP -> cpu.startup(vector);
            case ApicBus.EXT_INT -> {
                externalMessage = true;
                attention = true;
                cpu.interruptPending();
            }
            // SMI: there is no system management mode; reserved modes do nothing.
            default -> {}
        }
    }

    /** The LINT0 (0) or LINT1 (1) pin has gone high. */
    void lintRaised(int pin) {
        int entry = mode == DISABLED ? PIN_OF_DISABLED[pin] : lvt(LINT0 + pin);
        if ((entry & LVT_MASKED) != 0) {
            return;
        }
        if (deliveryMode(entry) == ApicBus.NMI) {
            cpu.nmi();
        } else if (seesLevel(entry)) {
            takeLevel(pin, entry);
        } else {
            message(deliveryMode(entry), entry & 0xff, false);
        }
    }

    /** Whether an unmasked entry asks for as long as its pin is high, not once for each edge. */
    private static boolean seesLevel(int entry) {
        int deliveryMode = deliveryMode(entry);
        return deliveryMode == ApicBus.EXT_INT || deliveryMode == ApicBus.FIXED && (entry & LVT_LEVEL) != 0;
    }

    private void takeLevel(int pin, int entry) {
        if (deliveryMode(entry) == ApicBus.EXT_INT) {
            attention = true;
            cpu.interruptPending();
        } else {
            assertLevelLint(LINT0 + pin);
        }
    }

    private void assertLevelLint(int entry) {
        int value = lvt(entry);
        while ((value & LVT_REMOTE_IRR) == 0) {
            if (LVT.compareAndSet(lvt, entry, value, value | LVT_REMOTE_IRR)) {
                accept(value & 0xff, true);
                return;
            }
            value = lvt(entry);
        }
    }

    /** EOI of a level vector: a LINT pin that caused it may ask again, and does if it is still high. */
    private void releaseLint(int vector) {
        for (int pin = 0; pin < 2; pin++) {
            int value = lvt(LINT0 + pin);
            if ((value & LVT_REMOTE_IRR) != 0 && (value & 0xff) == vector) {
                setLvt(LINT0 + pin, value & ~LVT_REMOTE_IRR);
                lookAtPin(pin);
            }
        }
    }

    private void timerExpired() {
        local(TIMER);
    }

    private void local(int entry) {
        int value = lvt(entry);
        if ((value & LVT_MASKED) == 0) {
            accept(value & 0xff, false);
        }
    }

    private void raiseError(int bit) {
        ERRORS.getAndBitwiseOr(this, bit);
        // An illegal vector in the error entry itself must not raise errors without end.
        if ((lvt(ERROR) & 0xf0) != 0) {
            local(ERROR);
        }
    }

    // ---- What the bus asks; any thread ----

    int index() {
        return index;
    }

    boolean enabled() {
        return mode != DISABLED;
    }

    boolean softwareEnabled() {
        return mode != DISABLED && (svr & SVR_ENABLED) != 0;
    }

    int priority() {
        return ppr;
    }

    boolean matchesLogical(int destination) {
        if (mode == X2APIC) {
            return destination == -1 || destination >>> 16 == ldr >>> 16 && (destination & ldr & 0xffff) != 0;
        }
        int set = destination & 0xff;
        int own = ldr >>> 24;
        if (set == 0xff) {
            return true;
        }
        if (dfr >>> 28 == 0xf) {
            return (set & own) != 0;
        }
        // Cluster model; cluster 15 is all of them.
        return (set >>> 4 == own >>> 4 || set >>> 4 == 0xf) && (set & own & 0xf) != 0;
    }

    // ---- IA32_APIC_BASE and the timer's MSR ----

    /** IA32_APIC_BASE. Any thread. */
    public long apicBase() {
        return apicBase;
    }

    /** IA32_APIC_BASE.EN, which CPUID mirrors. */
    public boolean globallyEnabled() {
        return mode != DISABLED;
    }

    /** Whether the registers are MSRs. */
    public boolean x2ApicMode() {
        return mode == X2APIC;
    }

    /** Physical address of the register page, or -1 when the page is not there (disabled or x2APIC mode). */
    public long mmioBase() {
        return mode == XAPIC ? apicBase & ~0xfffL : -1;
    }

    /** WRMSR of IA32_APIC_BASE whose reserved bits are checked. @return false for #GP (SDM vol. 3, 12.12.5) */
    public boolean writeApicBase(long value) {
        int to = (int) (value >>> 10) & 3;
        int from = mode;
        if (to == INVALID || from == X2APIC && to == XAPIC || from == DISABLED && to == X2APIC) {
            return false;
        }
        apicBase = value;
        mode = to;
        if (from != to && to == DISABLED) {
            // Turning it off loses the registers, as a reset does.
            initReset();
        } else if (from != to && to == X2APIC) {
            ldr = logicalX2ApicId();
            icrHigh = 0;
        }
        if (from != to) {
            reconsider();
        }
        return true;
    }

    /** IA32_TSC_DEADLINE. */
    public long tscDeadline() {
        return timer.deadline();
    }

    /** WRMSR of IA32_TSC_DEADLINE. */
    public void writeTscDeadline(long value) {
        timer.writeDeadline(value);
    }

    /** Tells how far this CPU's TSC is ahead of the guest clock's; again after every change. */
    public void setTscOffset(long ticks) {
        timer.setTscOffset(ticks);
    }

    private int logicalX2ApicId() {
        return index >>> 4 << 16 | 1 << (index & 0xf);
    }

    // ---- Faces ----

    /**
     * Reads the register page; only the first four bytes of each sixteen are defined (SDM vol. 3, 12.4.1), the others
     * read as 0.
     *
     * @param offset in the page
     * @param width 1, 2, 4 or 8
     */
    public long readMmio(int offset, int width) {
        int within = offset & 0xf;
        if (within >= 4) {
            return 0;
        }
        long value = (readRegister(offset & 0xff0) & 0xffff_ffffL) >>> 8 * within;
        return width >= 4 ? value : value & (1L << 8 * width) - 1;
    }

    /** Writes the register page; what is not an aligned write of at least four bytes is ignored. */
    public void writeMmio(int offset, int width, long value) {
        if ((offset & 0xf) == 0 && width >= 4) {
            writeRegister(offset & 0xff0, (int) value);
        }
    }

    /** RDMSR of 0x800-0x8ff. @return the value, or {@link #FAULT} for #GP */
    public long readX2Apic(int msr) {
        int offset = (msr & 0xff) << 4;
        if (mode != X2APIC) {
            return FAULT;
        }
        if (offset == ICR_LOW) {
            return icrLow & 0xffff_ffffL | (long) icrHigh << 32;
        }
        return ApicRegister.x2ApicReadable(offset) ? readRegister(offset) & 0xffff_ffffL : FAULT;
    }

    /** WRMSR of 0x800-0x8ff. @return false for #GP */
    public boolean writeX2Apic(int msr, long value) {
        int offset = (msr & 0xff) << 4;
        if (mode != X2APIC) {
            return false;
        }
        if (offset == ICR_LOW) {
            if ((value & ApicRegister.X2APIC_ICR_RESERVED) != 0) {
                return false;
            }
            icrHigh = (int) (value >>> 32);
            writeRegister(ICR_LOW, (int) value);
            return true;
        }
        if (!ApicRegister.x2ApicTakes(offset, value)) {
            return false;
        }
        if (offset == SELF_IPI) {
            if ((value & 0xf0) == 0) {
                raiseError(ESR_SEND_ILLEGAL_VECTOR);
            } else {
                accept((int) value, false);
            }
        } else {
            writeRegister(offset, (int) value);
        }
        return true;
    }

    private int readRegister(int offset) {
        return switch (offset) {
            case ID -> mode == X2APIC ? index : index << 24;
            case VERSION_REGISTER -> VERSION;
            case TPR -> tpr;
            case PPR -> ppr;
            // Arbitration priority and remote read left with the serial APIC bus; EOI is write-only.
            case APR, RRD, EOI -> 0;
            case LDR -> ldr;
            case DFR -> dfr;
            case SVR -> svr;
            case ESR -> esr;
            case ICR_LOW -> icrLow;
            case ICR_HIGH -> icrHigh;
            case TIMER_INITIAL -> timer.initialCount();
            case TIMER_CURRENT -> timer.currentCount();
            case TIMER_DIVIDE -> timer.divideRegister();
            default -> {
                if (offset >= ISR && offset < ESR) {
                    VectorBitmap bitmap = offset < TMR ? isr : offset < IRR ? tmr : irr;
                    yield bitmap.word(offset >> 4 & 7);
                }
                if (ApicRegister.isLvt(offset)) {
                    yield lvt(offset - LVT_TIMER >> 4);
                }
                raiseError(ESR_ILLEGAL_REGISTER);
                yield 0;
            }
        };
    }

    private void writeRegister(int offset, int value) {
        switch (offset) {
            case TPR -> writeTpr(value & 0xff);
            case EOI -> endOfInterrupt();
            case LDR -> ldr = value & 0xff00_0000;
            case DFR -> dfr = value | 0x0fff_ffff;
            case SVR -> writeSvr(value & SVR_WRITABLE);
            case ESR -> esr = (int) ERRORS.getAndSet(this, 0);
            case ICR_HIGH -> icrHigh = value & 0xff00_0000;
            case ICR_LOW -> writeIcr(value);
            case TIMER_INITIAL -> timer.writeInitialCount(value);
            case TIMER_DIVIDE -> timer.writeDivide(value);
            default -> {
                if (ApicRegister.isLvt(offset)) {
                    writeLvt(offset - LVT_TIMER >> 4, value);
                } else if (!ApicRegister.exists(offset)) {
                    raiseError(ESR_ILLEGAL_REGISTER);
                }
                // What is left is read-only (the id too, as on current processors): the write has no effect.
            }
        }
    }

    private void writeSvr(int value) {
        svr = value;
        if ((value & SVR_ENABLED) == 0) {
            // Software disable sets every mask (SDM vol. 3, 12.4.7.2).
            for (int entry = 0; entry < lvt.length; entry++) {
                setLvt(entry, lvt(entry) | LVT_MASKED);
            }
        }
    }

    private void writeLvt(int entry, int value) {
        int bits = value & ApicRegister.lvtWritable(entry);
        if ((svr & SVR_ENABLED) == 0) {
            bits |= LVT_MASKED;
        }
        if (entry == TIMER) {
            timer.setMode(bits >>> 17 & 3);
        }
        setLvt(entry, bits | lvt(entry) & LVT_REMOTE_IRR & (bits >>> 1));
        if (entry == LINT0 || entry == LINT0 + 1) {
            lookAtPin(entry - LINT0);
        }
    }

    /** A pin that is high already counts as soon as its entry lets a level through. */
    private void lookAtPin(int pin) {
        int entry = lvt(LINT0 + pin);
        if ((pin == 0 ? bus.lint0High() : bus.lint1High()) && (entry & LVT_MASKED) == 0 && seesLevel(entry)) {
            takeLevel(pin, entry);
        }
    }

    private void writeIcr(int value) {
        // Delivery status (bit 12) reads idle: a message has arrived before the next instruction.
        icrLow = value & 0xc_cfff;
        int deliveryMode = deliveryMode(value);
        boolean vectored = deliveryMode == ApicBus.FIXED || deliveryMode == ApicBus.LOWEST_PRIORITY;
        if (vectored && (value & 0xf0) == 0) {
            raiseError(ESR_SEND_ILLEGAL_VECTOR);
            return;
        }
        if (deliveryMode == ApicBus.INIT && (value & 0xc000) == 0x8000) {
            // INIT level de-assert only ever synchronised arbitration ids.
            return;
        }
        bus.interprocessor(this, value, mode == X2APIC ? icrHigh : icrHigh >>> 24, mode == X2APIC);
    }

    private static int deliveryMode(int value) {
        return value >>> 8 & 7;
    }

    private int lvt(int entry) {
        return (int) LVT.getVolatile(lvt, entry);
    }

    private void setLvt(int entry, int value) {
        LVT.setVolatile(lvt, entry, value);
    }

    // ---- Saved state ----

    /**
     * The register page and IA32_APIC_BASE, in the form of KVM's lapic state (the id fills its register in x2APIC
     * mode). The CPU is stopped and the machine paused. The TSC deadline belongs to {@link CpuElement.Tsc}.
     */
    public CpuElement.LocalApicPage save() {
        ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int offset = 0; offset < PAGE_BYTES; offset += 16) {
            if (ApicRegister.exists(offset)) {
                page.putInt(offset, readRegister(offset));
            }
        }
        return new CpuElement.LocalApicPage(page.array(), apicBase);
    }

    /**
     * Takes over a saved state.
     *
     * @throws IllegalArgumentException for a page of the wrong size or an impossible mode
     */
    public void restore(CpuElement.LocalApicPage state) {
        int to = (int) (state.apicBase() >>> 10) & 3;
        if (state.registers().length != PAGE_BYTES || to == INVALID) {
            throw new IllegalArgumentException("local APIC state of %d bytes with APIC_BASE 0x%x"
                    .formatted(state.registers().length, state.apicBase()));
        }
        ByteBuffer page = ByteBuffer.wrap(state.registers()).order(ByteOrder.LITTLE_ENDIAN);
        apicBase = state.apicBase();
        mode = to;
        initReset();
        tpr = page.getInt(TPR) & 0xff;
        ldr = mode == X2APIC ? logicalX2ApicId() : page.getInt(LDR) & 0xff00_0000;
        dfr = page.getInt(DFR) | 0x0fff_ffff;
        svr = page.getInt(SVR) & SVR_WRITABLE;
        esr = page.getInt(ESR);
        icrLow = page.getInt(ICR_LOW) & 0xc_cfff;
        icrHigh = page.getInt(ICR_HIGH);
        for (int entry = 0; entry < lvt.length; entry++) {
            setLvt(entry, page.getInt(LVT_TIMER + 16 * entry) & (ApicRegister.lvtWritable(entry) | LVT_REMOTE_IRR));
        }
        for (int word = 0; word < 8; word++) {
            // Vectors 0 to 15 cannot be requested.
            int legal = word == 0 ? 0xffff_0000 : -1;
            isr.setWord(word, page.getInt(ISR + 16 * word) & legal);
            tmr.setWord(word, page.getInt(TMR + 16 * word) & legal);
            irr.setWord(word, page.getInt(IRR + 16 * word) & legal);
        }
        timer.restore(
                lvt(TIMER) >>> 17 & 3,
                page.getInt(TIMER_DIVIDE),
                page.getInt(TIMER_INITIAL),
                page.getInt(TIMER_CURRENT));
        updatePpr();
        reconsider();
    }
}
