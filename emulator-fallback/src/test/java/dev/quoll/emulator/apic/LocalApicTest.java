package dev.quoll.emulator.apic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.machine.CpuElement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LocalApicTest {
    private final ApicBench bench = new ApicBench(2);
    private final LocalApic apic = bench.apic(0);
    private final ApicBench.Core core = bench.cores.get(0);
    private final List<Integer> broadcasts = new ArrayList<>();

    LocalApicTest() {
        bench.bus.setEoiListener(broadcasts::add);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private int read(int offset) {
        return (int) apic.readMmio(offset, 4);
    }

    private void write(int offset, int value) {
        apic.writeMmio(offset, 4, value);
    }

    @Test
    void powerOnState() {
        assertThat(apic.apicBase()).isEqualTo(0xfee0_0900L);
        assertThat(bench.apic(1).apicBase()).isEqualTo(0xfee0_0800L);
        assertThat(apic.mmioBase()).isEqualTo(0xfee0_0000L);
        apic.reset();
        assertThat(read(0x20)).isZero();
        assertThat((int) bench.apic(1).readMmio(0x20, 4)).isEqualTo(1 << 24);
        assertThat(read(0x30)).isEqualTo(0x0105_0014);
        assertThat(read(0xf0)).isEqualTo(0xff);
        assertThat(read(0xe0)).isEqualTo(-1);
        for (int offset = 0x320; offset <= 0x370; offset += 0x10) {
            assertThat(read(offset)).isEqualTo(0x1_0000);
        }
        assertThat(apic.hasDeliverable()).isFalse();
        assertThat(apic.accept(0x40, false)).as("software-disabled").isFalse();
    }

    @Test
    void higherPriorityClassesInterruptLowerOnes() {
        apic.accept(0x41, false);
        assertThat(apic.acknowledge()).isEqualTo(0x41);
        apic.accept(0x4f, false);
        assertThat(apic.hasDeliverable()).as("same class waits").isFalse();
        apic.accept(0x50, false);
        assertThat(apic.acknowledge()).isEqualTo(0x50);
        assertThat(read(0xa0)).isEqualTo(0x50);
        int before = core.pending.get();
        write(0xb0, 0);
        assertThat(read(0xa0)).isEqualTo(0x40);
        assertThat(apic.hasDeliverable()).isFalse();
        assertThat(core.pending.get()).isEqualTo(before);
        write(0xb0, 0);
        assertThat(core.pending.get()).as("EOI tells the CPU of the next one").isEqualTo(before + 1);
        assertThat(apic.acknowledge()).isEqualTo(0x4f);
    }

    @Test
    void theTaskPriorityHoldsVectorsBack() {
        write(0x80, 0x45);
        assertThat(apic.cr8()).isEqualTo(4);
        apic.accept(0x4f, false);
        assertThat(apic.hasDeliverable()).isFalse();
        assertThat(apic.acknowledge()).isEqualTo(LocalApic.NONE);
        int before = core.pending.get();
        apic.setCr8(3);
        assertThat(core.pending.get()).isEqualTo(before + 1);
        assertThat(read(0x80)).isEqualTo(0x30);
        assertThat(apic.acknowledge()).isEqualTo(0x4f);
        assertThat(read(0xa0)).isEqualTo(0x40);
    }

    @Test
    void servedInOrderOfPriorityWhateverTheOrderOfArrival() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            TreeSet<Integer> expected = new TreeSet<>();
            for (int count = random.nextInt(40); count >= 0; count--) {
                int vector = 16 + random.nextInt(240);
                assertThat(apic.accept(vector, random.nextBoolean())).isEqualTo(expected.add(vector));
            }
            assertThat(bench.serveAll(apic)).as("seed " + seed).containsExactlyElementsOf(expected.descendingSet());
        }
    }

    @Test
    void onlyLevelVectorsBroadcastTheirEnd() {
        apic.accept(0x60, true);
        apic.accept(0x50, false);
        assertThat(read(0x180 + 0x30)).isEqualTo(1);
        assertThat(bench.serveAll(apic)).containsExactly(0x60, 0x50);
        assertThat(broadcasts).containsExactly(0x60);
        write(0xf0, 0x11ff);
        apic.accept(0x60, true);
        bench.serveAll(apic);
        assertThat(broadcasts).as("suppressed").containsExactly(0x60);
        write(0xb0, 0);
        assertThat(broadcasts).as("nothing in service").containsExactly(0x60);
    }

    @Test
    void softwareDisableMasksTheLocalVectorsAndKeepsThePendingOnes() {
        write(0x320, 0x2_0031);
        apic.accept(0x70, false);
        write(0xf0, 0xff);
        assertThat(read(0x320)).isEqualTo(0x3_0031);
        write(0x320, 0x31);
        assertThat(read(0x320)).isEqualTo(0x1_0031);
        assertThat(apic.accept(0x80, false)).isFalse();
        assertThat(apic.acknowledge()).isEqualTo(0x70);
    }

    @Test
    void illegalVectorsAndRegistersAreErrors() {
        write(0x370, 0xfe);
        apic.accept(5, false);
        assertThat(bench.serveAll(apic)).containsExactly(0xfe);
        assertThat(read(0x280)).isZero();
        write(0x280, 0);
        assertThat(read(0x280)).isEqualTo(0x40);
        write(0x300, 0x0000_0003);
        read(0x3c0);
        write(0x280, 0);
        assertThat(read(0x280)).isEqualTo(0xa0);
        write(0x370, 0x05);
        apic.accept(5, false);
        write(0x280, 0);
        assertThat(read(0x280)).isEqualTo(0x40);
        write(0x280, 0);
        assertThat(read(0x280)).isZero();
    }

    @Test
    void modeTransitionsAreThoseOfTheManual() {
        long base = 0xfee0_0100L;
        assertThat(apic.readX2Apic(0x802)).isEqualTo(LocalApic.FAULT);
        assertThat(apic.writeApicBase(base | 1 << 10)).as("EXTD without EN").isFalse();
        assertThat(apic.writeApicBase(base | 3 << 10)).isTrue();
        assertThat(apic.mmioBase()).isEqualTo(-1);
        assertThat(apic.writeApicBase(base | 2 << 10)).as("x2APIC to xAPIC").isFalse();
        assertThat(apic.writeApicBase(base)).isTrue();
        assertThat(apic.globallyEnabled()).isFalse();
        assertThat(apic.writeApicBase(base | 3 << 10)).as("disabled to x2APIC").isFalse();
        assertThat(apic.writeApicBase(0xd000_0000L | 2 << 10)).isTrue();
        assertThat(apic.mmioBase()).isEqualTo(0xd000_0000L);
        assertThat(read(0xf0)).as("reset by being disabled").isEqualTo(0xff);
    }

    @Test
    void x2ApicRegistersRefuseWhatTheyShould() {
        bench.toX2Apic();
        LocalApic second = bench.apic(1);
        assertThat(second.readX2Apic(0x802)).isEqualTo(1);
        assertThat(second.readX2Apic(0x80d)).isEqualTo(2);
        assertThat(second.readX2Apic(0x803)).isEqualTo(0x0105_0014);
        for (int absent :
                new int[] {0x800, 0x801, 0x804, 0x809, 0x80b, 0x80c, 0x80e, 0x831, 0x83a, 0x83f, 0x840, 0x8ff}) {
            assertThat(apic.readX2Apic(absent)).as("%x", absent).isEqualTo(LocalApic.FAULT);
        }
        for (int readOnly : new int[] {0x802, 0x803, 0x80a, 0x80d, 0x80e, 0x810, 0x820, 0x831, 0x839, 0x83a}) {
            assertThat(apic.writeX2Apic(readOnly, 0)).as("%x", readOnly).isFalse();
        }
        assertThat(apic.writeX2Apic(0x80b, 1)).isFalse();
        assertThat(apic.writeX2Apic(0x80b, 0)).isTrue();
        assertThat(apic.writeX2Apic(0x808, 0x100)).isFalse();
        assertThat(apic.writeX2Apic(0x808, 1L << 32)).isFalse();
        assertThat(apic.writeX2Apic(0x808, 0x20)).isTrue();
        assertThat(apic.readX2Apic(0x808)).isEqualTo(0x20);
        assertThat(apic.writeX2Apic(0x828, 1)).isFalse();
        assertThat(apic.writeX2Apic(0x832, 0x4_00ef)).isTrue();
        assertThat(apic.writeX2Apic(0x832, 0x8_00ef)).isFalse();
        assertThat(apic.writeX2Apic(0x830, 1L << 32 | 0x10_0000)).isFalse();
        assertThat(apic.writeX2Apic(0x830, 1L << 32 | 0x51)).isTrue();
        assertThat(apic.readX2Apic(0x830)).isEqualTo(1L << 32 | 0x51);
        assertThat(second.acknowledge()).isEqualTo(0x51);
        assertThat(apic.writeX2Apic(0x83f, 0x61)).isTrue();
        assertThat(apic.acknowledge()).isEqualTo(0x61);
    }

    @Test
    void externalInterruptsComeThroughLint0() {
        bench.bus.lint0().setLevel(true);
        assertThat(apic.hasDeliverable()).as("masked").isFalse();
        write(0x350, 0x700);
        assertThat(apic.hasDeliverable()).isTrue();
        assertThat(apic.acknowledge()).isEqualTo(LocalApic.EXT_INT);
        assertThat(apic.hasDeliverable()).as("level").isTrue();
        bench.bus.lint0().setLevel(false);
        assertThat(apic.hasDeliverable()).isFalse();
        assertThat(apic.acknowledge()).isEqualTo(LocalApic.NONE);
        int before = core.pending.get();
        bench.bus.lint0().setLevel(true);
        assertThat(core.pending.get()).isEqualTo(before + 1);
        assertThat(bench.apic(1).hasDeliverable()).as("masked there").isFalse();
        bench.bus.lint0().setLevel(false);
        bench.bus.signal(0xfee0_0000L, 0x700);
        assertThat(apic.acknowledge()).isEqualTo(LocalApic.EXT_INT);
        assertThat(apic.acknowledge()).as("a message is served once").isEqualTo(LocalApic.NONE);
        apic.writeApicBase(0xfee0_0100L);
        bench.bus.lint0().setLevel(true);
        assertThat(apic.acknowledge()).as("INTR of a CPU without APIC").isEqualTo(LocalApic.EXT_INT);
    }

    @Test
    void lint1IsAnNmiWhenToldSo() {
        bench.bus.lint1().pulse();
        assertThat(core.nmis.get()).isZero();
        write(0x360, 0x400);
        bench.bus.lint1().pulse();
        bench.bus.lint1().setLevel(true);
        bench.bus.lint1().setLevel(true);
        assertThat(core.nmis.get()).isEqualTo(2);
    }

    @Test
    void aLevelLintAsksAgainUntilItIsLow() {
        write(0x350, 0x8045);
        bench.bus.lint0().setLevel(true);
        assertThat(apic.acknowledge()).isEqualTo(0x45);
        assertThat(read(0x350)).isEqualTo(0xc045);
        assertThat(apic.hasDeliverable()).isFalse();
        write(0xb0, 0);
        assertThat(apic.acknowledge()).isEqualTo(0x45);
        bench.bus.lint0().setLevel(false);
        write(0xb0, 0);
        assertThat(apic.hasDeliverable()).isFalse();
        assertThat(read(0x350)).isEqualTo(0x8045);
    }

    @Test
    void initKeepsTheIdAndTheMode() {
        bench.toX2Apic();
        LocalApic second = bench.apic(1);
        second.accept(0x99, false);
        second.initReset();
        assertThat(second.x2ApicMode()).isTrue();
        assertThat(second.readX2Apic(0x802)).isEqualTo(1);
        assertThat(second.readX2Apic(0x80d)).isEqualTo(2);
        assertThat(second.readX2Apic(0x80f)).isEqualTo(0xff);
        assertThat(second.hasDeliverable()).isFalse();
    }

    @Test
    void narrowAndOddAccessesOfThePage() {
        write(0x80, 0x21);
        assertThat(apic.readMmio(0x30, 1)).isEqualTo(0x14);
        assertThat(apic.readMmio(0x32, 1)).isEqualTo(5);
        assertThat(apic.readMmio(0x32, 2)).isEqualTo(0x105);
        assertThat(apic.readMmio(0x30, 8)).isEqualTo(0x0105_0014);
        assertThat(apic.readMmio(0x84, 4)).isZero();
        apic.writeMmio(0x84, 4, 0x50);
        apic.writeMmio(0x80, 1, 0x50);
        assertThat(read(0x80)).isEqualTo(0x21);
    }

    @Test
    void savedStateComesBackEqual() {
        write(0x320, 0x2_0031);
        write(0x3e0, 0xb);
        write(0x380, 1_000_000);
        bench.advance(250_000);
        write(0x80, 0x20);
        apic.accept(0x81, true);
        apic.acknowledge();
        apic.accept(0x92, false);
        CpuElement.LocalApicPage saved = apic.save();
        assertThat(apic.save()).isEqualTo(saved);
        try (ApicBench other = new ApicBench(1)) {
            other.apic(0).restore(saved);
            assertThat(other.apic(0).save()).isEqualTo(saved);
            assertThat(other.cores.getFirst().pending.get()).isPositive();
            assertThat(other.apic(0).acknowledge()).isEqualTo(0x92);
            other.apic(0).writeMmio(0xb0, 4, 0);
            other.apic(0).writeMmio(0xb0, 4, 0);
            other.advance(749_999);
            assertThat(other.apic(0).hasDeliverable()).isFalse();
            other.advance(1);
            assertThat(other.apic(0).acknowledge()).isEqualTo(0x31);
        }
        assertThatThrownBy(() -> apic.restore(new CpuElement.LocalApicPage(new byte[100], 0xfee0_0800L)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anyBytesMakeARestorableState() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] page = new byte[0x400];
        for (int round = 0; round < 300; round++) {
            random.nextBytes(page);
            long mode = random.nextBoolean() ? 2 : 3;
            apic.restore(new CpuElement.LocalApicPage(page.clone(), 0xfee0_0000L | mode << 10));
            for (int access = 0; access < 200; access++) {
                int offset = random.nextInt(0x400);
                apic.readMmio(offset, 1 << random.nextInt(4));
                apic.writeMmio(offset & ~0xf, 4, random.nextInt());
                apic.writeX2Apic(0x800 | random.nextInt(0x100), random.nextLong());
                apic.readX2Apic(0x800 | random.nextInt(0x100));
                apic.writeTscDeadline(random.nextLong());
                if (apic.hasDeliverable()) {
                    assertThat(apic.acknowledge()).as("seed " + seed).isGreaterThanOrEqualTo(16);
                }
            }
        }
    }
}
