package dev.quoll.emulator.apic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ApicBusTest {
    private static final int VECTOR = 0x55;
    private static final int CPUS = 6;

    private final ApicBench bench = new ApicBench(CPUS);

    @AfterEach
    void close() {
        bench.close();
    }

    /** Which CPUs got the vector; serves it. */
    private List<Integer> receivers() {
        List<Integer> list = new ArrayList<>();
        for (int index = 0; index < CPUS; index++) {
            if (bench.serveAll(bench.apic(index)).contains(VECTOR)) {
                list.add(index);
            }
        }
        return list;
    }

    private void ipi(int from, int destination, int icr) {
        bench.apic(from).writeMmio(0x310, 4, destination << 24);
        bench.apic(from).writeMmio(0x300, 4, icr);
    }

    private static long msi(int destination, boolean logical, boolean redirect) {
        return 0xfee0_0000L | destination << 12 | (redirect ? 8 : 0) | (logical ? 4 : 0);
    }

    @Test
    void physicalDestinations() {
        ipi(0, 3, VECTOR);
        assertThat(receivers()).containsExactly(3);
        ipi(0, 0, VECTOR);
        assertThat(receivers()).containsExactly(0);
        ipi(0, 77, VECTOR);
        assertThat(receivers()).isEmpty();
        ipi(2, 0xff, VECTOR);
        assertThat(receivers()).containsExactly(0, 1, 2, 3, 4, 5);
        bench.bus.signal(msi(4, false, false), VECTOR);
        assertThat(receivers()).containsExactly(4);
        bench.bus.signal(msi(0xff, false, false), VECTOR);
        assertThat(receivers()).hasSize(CPUS);
        bench.bus.signal(0xfed0_4000L, VECTOR);
        assertThat(receivers()).isEmpty();
    }

    @Test
    void shorthands() {
        ipi(2, 0, 1 << 18 | VECTOR);
        assertThat(receivers()).containsExactly(2);
        ipi(2, 0, 2 << 18 | VECTOR);
        assertThat(receivers()).containsExactly(0, 1, 2, 3, 4, 5);
        ipi(2, 0, 3 << 18 | VECTOR);
        assertThat(receivers()).containsExactly(0, 1, 3, 4, 5);
    }

    @Test
    void flatLogicalDestinations() {
        for (int index = 0; index < CPUS; index++) {
            bench.apic(index).writeMmio(0xd0, 4, 1 << 24 + index);
        }
        ipi(0, 0b10_1010, 1 << 11 | VECTOR);
        assertThat(receivers()).containsExactly(1, 3, 5);
        bench.bus.signal(msi(0b01_0001, true, false), VECTOR);
        assertThat(receivers()).containsExactly(0, 4);
        ipi(0, 0xff, 1 << 11 | VECTOR);
        assertThat(receivers()).hasSize(CPUS);
    }

    @Test
    void clusterLogicalDestinations() {
        for (int index = 0; index < CPUS; index++) {
            bench.apic(index).writeMmio(0xe0, 4, 0x0fff_ffff);
            bench.apic(index).writeMmio(0xd0, 4, (index / 4 << 4 | 1 << index % 4) << 24);
        }
        ipi(0, 0x06, 1 << 11 | VECTOR);
        assertThat(receivers()).containsExactly(1, 2);
        ipi(0, 0x13, 1 << 11 | VECTOR);
        assertThat(receivers()).containsExactly(4, 5);
        ipi(0, 0xf1, 1 << 11 | VECTOR);
        assertThat(receivers()).containsExactly(0, 4);
    }

    @Test
    void x2ApicDestinations() {
        bench.toX2Apic();
        LocalApic first = bench.apic(0);
        first.writeX2Apic(0x830, 5L << 32 | VECTOR);
        assertThat(receivers()).containsExactly(5);
        first.writeX2Apic(0x830, 0b11_0001L << 32 | 1 << 11 | VECTOR);
        assertThat(receivers()).containsExactly(0, 4, 5);
        first.writeX2Apic(0x830, 0x1_0001L << 32 | 1 << 11 | VECTOR);
        assertThat(receivers()).as("the next cluster").isEmpty();
        first.writeX2Apic(0x830, 0xffff_ffffL << 32 | VECTOR);
        assertThat(receivers()).hasSize(CPUS);
        first.writeX2Apic(0x830, 0xffL << 32 | VECTOR);
        assertThat(receivers()).isEmpty();
        bench.bus.signal(msi(3, false, true), VECTOR);
        assertThat(receivers()).containsExactly(3);
    }

    @Test
    void lowestPriorityGoesToTheIdlestAndTakesTurns() {
        for (int index = 0; index < CPUS; index++) {
            bench.apic(index).writeMmio(0xd0, 4, 1 << 24 + index);
            bench.apic(index).writeMmio(0x80, 4, index == 4 ? 0x10 : 0x40);
        }
        bench.bus.signal(msi(0x3f, true, true), 1 << 8 | VECTOR);
        assertThat(receivers()).containsExactly(4);
        bench.bus.signal(msi(0x0f, true, true), VECTOR);
        assertThat(receivers()).hasSize(1).doesNotContain(4, 5);
        boolean[] hit = new boolean[CPUS];
        bench.apic(4).writeMmio(0x80, 4, 0x40);
        for (int round = 0; round < CPUS; round++) {
            bench.bus.signal(msi(0x3f, true, true), 1 << 8 | VECTOR);
            hit[receivers().getFirst()] = true;
        }
        assertThat(hit).containsOnly(true);
        bench.apic(2).writeMmio(0xf0, 4, 0xff);
        bench.bus.signal(msi(0x04, true, true), 1 << 8 | VECTOR);
        assertThat(receivers()).as("software-disabled").isEmpty();
    }

    @Test
    void levelMessagesAreLevelVectors() {
        List<Integer> ends = new ArrayList<>();
        bench.bus.setEoiListener(ends::add);
        bench.bus.signal(msi(1, false, false), 1 << 15 | 1 << 14 | VECTOR);
        assertThat(receivers()).containsExactly(1);
        assertThat(ends).containsExactly(VECTOR);
        bench.bus.signal(msi(1, false, false), 1 << 15 | VECTOR);
        assertThat(receivers()).as("de-assert").isEmpty();
    }

    @Test
    void nmiInitAndStartupReachTheCore() {
        bench.apic(2).writeMmio(0xf0, 4, 0xff);
        ipi(0, 2, 4 << 8);
        ipi(0, 2, 5 << 8 | 1 << 14 | 1 << 15);
        ipi(0, 2, 5 << 8 | 1 << 15);
        ipi(0, 2, 6 << 8 | 0x9a);
        ApicBench.Core core = bench.cores.get(2);
        assertThat(core.nmis.get()).isEqualTo(1);
        assertThat(core.inits.get()).as("de-assert does nothing").isEqualTo(1);
        assertThat(core.startups).containsExactly(0x9a);
        ipi(0, 0, 3 << 18 | 4 << 8);
        assertThat(bench.cores.get(0).nmis.get()).isZero();
        assertThat(bench.cores.get(5).nmis.get()).isEqualTo(1);
        bench.apic(3).writeApicBase(0xfee0_0000L);
        ipi(0, 3, 4 << 8);
        assertThat(bench.cores.get(3).nmis.get()).as("no messages to a disabled APIC").isEqualTo(1);
    }

    /**
     * Two threads request, the CPU's thread serves, woken only by what the APIC tells it. Every request that was
     * accepted as new is served exactly once, and none stays behind.
     */
    @Test
    void noRequestIsLostBetweenThreads() throws InterruptedException {
        int each = 500_000;
        long seed = System.nanoTime();
        AtomicBoolean woken = new AtomicBoolean();
        AtomicLong accepted = new AtomicLong();
        try (ApicBench own = new ApicBench(0)) {
            ApicCpu core = new ApicCpu() {
                @Override
                public void interruptPending() {
                    woken.set(true);
                }

                @Override
                public void nmi() {}

                @Override
                public void init() {}

                @Override
                public void startup(int vector) {}
            };
            LocalApic apic = own.bus.attach(core);
            apic.writeMmio(0xf0, 4, 0x1ff);
            Thread[] senders = new Thread[2];
            for (int sender = 0; sender < 2; sender++) {
                Random random = new Random(seed + sender);
                senders[sender] = new Thread(() -> {
                    for (int count = 0; count < each; ) {
                        // Both threads use the same words and often the same vectors.
                        if (apic.accept(0x30 + random.nextInt(0xc0), random.nextInt(8) == 0)) {
                            accepted.incrementAndGet();
                            count++;
                        } else {
                            Thread.onSpinWait();
                        }
                    }
                });
                senders[sender].start();
            }
            long served = 0;
            while (true) {
                boolean finished = !senders[0].isAlive() && !senders[1].isAlive();
                if (woken.getAndSet(false)) {
                    while (apic.hasDeliverable()) {
                        if (apic.acknowledge() >= 16) {
                            served++;
                        }
                        apic.writeMmio(0xb0, 4, 0);
                    }
                } else if (finished) {
                    break;
                }
            }
            assertThat(served).as("seed " + seed).isEqualTo(accepted.get()).isEqualTo(2L * each);
        }
    }
}
