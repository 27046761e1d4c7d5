package dev.quoll.emulator.apic;

import dev.quoll.machine.GuestClock;
import dev.quoll.machine.TimerQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Some local APICs on a bus, with a clock that a test moves by hand. */
final class ApicBench implements AutoCloseable {
    static final int SVR = 0xf0;
    static final int ENABLE = 0x1ff;

    /** Two TSC ticks a nanosecond, so that mixing the units up shows. */
    static final class ManualClock implements GuestClock {
        private volatile long now = 1_000_000;

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public long wallNanos() {
            return 1_700_000_000_000_000_000L + now;
        }

        @Override
        public long tscHz() {
            return 2_000_000_000L;
        }

        @Override
        public long tsc() {
            return now * 2;
        }

        @Override
        public long nanosAtTsc(long tsc) {
            return tsc < 0 ? Long.MAX_VALUE : (tsc + 1) / 2;
        }
    }

    /** A core that counts what reaches it. */
    static final class Core implements ApicCpu {
        final AtomicInteger pending = new AtomicInteger();
        final AtomicInteger nmis = new AtomicInteger();
        final AtomicInteger inits = new AtomicInteger();
        final List<Integer> startups = new ArrayList<>();

        @Override
        public void interruptPending() {
            pending.incrementAndGet();
        }

        @Override
        public void nmi() {
            nmis.incrementAndGet();
        }

        @Override
        public void init() {
            inits.incrementAndGet();
        }

        @Override
        public synchronized void startup(int vector) {
            startups.add(vector);
        }
    }

    final ManualClock clock = new ManualClock();
    final TimerQueue timers = new TimerQueue(clock, "apic-test-timers");
    final ApicBus bus = new ApicBus(clock, timers);
    final List<LocalApic> apics = new ArrayList<>();
    final List<Core> cores = new ArrayList<>();

    /** @param cpus number of APICs, all software-enabled */
    ApicBench(int cpus) {
        for (int index = 0; index < cpus; index++) {
            Core core = new Core();
            cores.add(core);
            LocalApic apic = bus.attach(core);
            apics.add(apic);
            apic.writeMmio(SVR, 4, ENABLE);
        }
    }

    LocalApic apic(int index) {
        return apics.get(index);
    }

    void toX2Apic() {
        for (LocalApic apic : apics) {
            if (!apic.writeApicBase(apic.apicBase() | 1 << 10)) {
                throw new AssertionError("x2APIC mode refused");
            }
        }
    }

    /** Moves guest time on and waits until every timer due by then has run. */
    void advance(long nanos) {
        clock.now += nanos;
        CountDownLatch done = new CountDownLatch(1);
        // The first wakes the queue's thread, the second is the last one due.
        timers.timer(() -> {}).arm(0);
        timers.timer(() -> timers.timer(done::countDown).arm(clock.now)).arm(clock.now);
        try {
            done.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Serves everything deliverable, highest first. */
    List<Integer> serveAll(LocalApic apic) {
        List<Integer> served = new ArrayList<>();
        while (apic.hasDeliverable()) {
            int vector = apic.acknowledge();
            served.add(vector);
            if (vector < 0x100) {
                apic.writeMmio(0xb0, 4, 0);
            }
        }
        return served;
    }

    @Override
    public void close() {
        timers.close();
    }
}
