package dev.quoll.emulator.apic;

import dev.quoll.machine.EoiListener;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MsiSink;
import dev.quoll.machine.TimerQueue;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Joins the local APICs of a partition: carries IPIs and message-signalled interrupts to their destinations (SDM
 * vol. 3, 12.6 and 12.11), EOI broadcasts back, and the LINT pins. All APICs are attached before the first CPU runs; then every
 * method may be called from any thread, takes no lock and allocates nothing.
 */
public final class ApicBus implements MsiSink {
    /** Delivery modes (SDM vol. 3, figure 12-12). */
    static final int FIXED = 0;

    static final int LOWEST_PRIORITY = 1;
    static final int NMI = 4;
    static final int INIT = 5;
    static final int STARTUP = 6;
    static final int EXT_INT = 7;

    private static final int SHORTHAND_NONE = 0;
    private static final int SHORTHAND_SELF = 1;
    private static final int SHORTHAND_ALL = 2;

    private final GuestClock clock;
    private final TimerQueue timers;
    private LocalApic[] apics = {};
    private volatile EoiListener eoiListener = vector -> {};
    private final AtomicBoolean lint0 = new AtomicBoolean();
    private final AtomicBoolean lint1 = new AtomicBoolean();
    /** Where the last lowest-priority arbitration ended: equals take turns. A lost update does no harm. */
    private int turn;

    public ApicBus(GuestClock clock, TimerQueue timers) {
        this.clock = clock;
        this.timers = timers;
    }

    /** Makes the local APIC of the next CPU; the first one's is the bootstrap processor's. APIC ids count from 0. */
    public LocalApic attach(ApicCpu cpu) {
        LocalApic apic = new LocalApic(this, apics.length, cpu);
        apics = Arrays.copyOf(apics, apics.length + 1);
        apics[apics.length - 1] = apic;
        return apic;
    }

    /** Who hears of the end of level-triggered interrupts. */
    public void setEoiListener(EoiListener listener) {
        eoiListener = listener;
    }

    /** The LINT0 pins, wired together. */
    public InterruptLine lint0() {
        return high -> setLint(lint0, 0, high);
    }

    /** The LINT1 pins, wired together. */
    public InterruptLine lint1() {
        return high -> setLint(lint1, 1, high);
    }

    @Override
    public void signal(long address, int data) {
        boolean level = (data & 1 << 15) != 0;
        // Messages go to 0xfeexxxxx only; a level message with the level bit clear de-asserts, which nothing needs.
        if (address >>> 20 != 0xfee || level && (data & 1 << 14) == 0) {
            return;
        }
        int destination = (int) address >>> 12 & 0xff;
        boolean logical = (address & 1 << 2) != 0;
        boolean redirect = (address & 1 << 3) != 0;
        int mode = data >>> 8 & 7;
        if (mode == FIXED && redirect && logical) {
            mode = LOWEST_PRIORITY;
        }
        route(destination, logical, destination == 0xff && !logical, mode, data & 0xff, level);
    }

    /** Sends what a write of ICR asks for. */
    void interprocessor(LocalApic from, int icr, int destination, boolean x2Apic) {
        int mode = icr >>> 8 & 7;
        int vector = icr & 0xff;
        int shorthand = icr >>> 18 & 3;
        if (shorthand == SHORTHAND_SELF) {
            from.message(mode, vector, false);
        } else if (shorthand == SHORTHAND_NONE) {
            boolean logical = (icr & 1 << 11) != 0;
            boolean broadcast = destination == (x2Apic ? -1 : 0xff) && !logical;
            route(destination, logical, broadcast, mode, vector, false);
        } else {
            for (LocalApic apic : apics) {
                if (shorthand == SHORTHAND_ALL || apic != from) {
                    apic.message(mode, vector, false);
                }
            }
        }
    }

    private void route(int destination, boolean logical, boolean broadcast, int mode, int vector, boolean level) {
        if (!logical && !broadcast) {
            if (Integer.compareUnsigned(destination, apics.length) < 0) {
                apics[destination].message(mode, vector, level);
            }
            return;
        }
        if (mode == LOWEST_PRIORITY) {
            LocalApic winner = arbitrate(destination, broadcast);
            if (winner != null) {
                winner.message(FIXED, vector, level);
            }
            return;
        }
        for (LocalApic apic : apics) {
            if (broadcast || apic.matchesLogical(destination)) {
                apic.message(mode, vector, level);
            }
        }
    }

    private LocalApic arbitrate(int destination, boolean broadcast) {
        LocalApic[] all = apics;
        LocalApic winner = null;
        int start = turn;
        for (int step = 1; step <= all.length; step++) {
            LocalApic apic = all[(start + step) % all.length];
            if (apic.softwareEnabled()
                    && (broadcast || apic.matchesLogical(destination))
                    && (winner == null || apic.priority() < winner.priority())) {
                winner = apic;
            }
        }
        if (winner != null) {
            turn = winner.index();
        }
        return winner;
    }

    private void setLint(AtomicBoolean level, int pin, boolean high) {
        if (level.getAndSet(high) != high && high) {
            for (LocalApic apic : apics) {
                apic.lintRaised(pin);
            }
        }
    }

    void endOfInterrupt(int vector) {
        eoiListener.endOfInterrupt(vector);
    }

    boolean lint0High() {
        return lint0.get();
    }

    boolean lint1High() {
        return lint1.get();
    }

    GuestClock clock() {
        return clock;
    }

    TimerQueue timers() {
        return timers;
    }
}
