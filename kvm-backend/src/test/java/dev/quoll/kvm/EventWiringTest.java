package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.file.EventCounter;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.Engine.Probe;
import dev.quoll.machine.Engine.SpeedClass;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.EventWiring;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.Partition;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Event descriptors and the log of written pages. */
@RequiresKvm
@Timeout(60)
class EventWiringTest {
    @Test
    void aDoorbellCountsWritesWithoutTheBus() throws Exception {
        // mov ebx, 0d0000000h; mov ecx, 5; again: mov word [rbx+16], cx; loop again; mov [rbx+16], ecx; cli; hlt
        try (EventCounter rung = EventCounter.create();
                BareGuest guest = BareGuest.wide(1, "bb 00 00 00 d0  b9 05 00 00 00  66 89 4b 10  e2 fa  89 4b 10  fa f4")) {
            EventWiring wiring = guest.machine.partition().eventWiring().orElseThrow();
            try (EventWiring.Wire wire = wiring.doorbell(0xd000_0010L, 2, rung.descriptor().number())) {
                assertThat(wire).isNotNull();
                assertThatThrownBy(() -> wiring.doorbell(0xd000_0010L, 2, rung.descriptor().number()))
                        .isInstanceOf(IllegalStateException.class);
                assertThat(guest.run()).isInstanceOf(Outcome.Halted.class);
                assertThat(rung.drain()).isEqualTo(5);
                // The write of another width found no device, byte by byte.
                assertThat(guest.machine.mmio().unclaimedAccesses()).isEqualTo(4);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "full"})
    void aSignalledDescriptorInterrupts(String irqchip) throws Exception {
        // Enables the local APIC; out 0e9h, 1; sti; again: hlt; jmp again. The handler: out 0e9h, 2; end of interrupt.
        try (EventCounter signal = EventCounter.create();
                BareGuest guest = BareGuest.wide(
                        1, "bb 00 00 e0 fe  c7 83 f0 00 00 00 ff 01 00 00  b0 01 e6 e9  fb f4 eb fd", "irqchip", irqchip)) {
            guest.gate(0x40, 0x9000);
            guest.put(0x9000, "b0 02 e6 e9  c7 83 b0 00 00 00 00 00 00 00  48 cf");
            Partition partition = guest.machine.partition();
            try (EventWiring.MessageWire wire = partition.eventWiring().orElseThrow().interrupt(signal.descriptor().number())) {
                guest.machine.start();
                guest.awaitOutputs(1);
                signal.signal(); // leads nowhere yet
                Thread.sleep(50);
                assertThat(guest.output).containsExactly(1);
                wire.set(0xfee0_0000L, 0x40);
                signal.signal();
                guest.awaitOutputs(2);
                wire.mask();
                Thread.sleep(100);
                int masked = guest.output.size();
                signal.signal();
                Thread.sleep(50);
                assertThat(guest.output).hasSize(masked);
                wire.set(0xfee0_0000L, 0x40);
                signal.signal();
                guest.awaitOutputs(masked + 1);
                assertThat(guest.output).contains(1, 2).doesNotContain(3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bitmap", "ring"})
    void writtenPagesAreTold(String writeLog) throws Exception {
        // again: in al, 0e9h; mov [0d0000h], al; mov [0d1fffh], al; mov [0f0000h], al; out 0e9h, al; jmp again
        try (BareGuest guest = BareGuest.wide(
                1,
                "e4 e9  88 04 25 00 00 0d 00  88 04 25 ff 1f 0d 00  88 04 25 00 00 0f 00  e6 e9  eb e5",
                "write-log",
                writeLog)) {
            DirtyLog log = guest.machine.partition().dirtyLog().orElseThrow();
            assertThatThrownBy(() -> log.collect((_, _) -> {})).isInstanceOf(IllegalStateException.class);
            guest.machine.start();
            awaitSome(guest);
            log.start();
            awaitSome(guest);
            assertThat(collect(log)).containsExactly("d0000+2000", "f0000+1000");
            awaitSome(guest);
            assertThat(collect(log)).containsExactly("d0000+2000", "f0000+1000");
            guest.machine.pause();
            collect(log);
            assertThat(collect(log)).isEmpty();
            log.stop();
        }
    }

    /** More writes than a ring has room for; hardware stops the guest in time, an interpreting KVM does not (docs/kvm.md). */
    @Test
    void aFullRingIsEmptiedOnTheWayOrRefused() throws Exception {
        if (KvmProbe.run().verdict() instanceof Probe.Usable usable && usable.speed() == SpeedClass.CRAWLING) {
            assertThatThrownBy(() -> new KvmEngine().with("write-log", "ring").create(null))
                    .isInstanceOf(EngineException.class)
                    .hasMessageStartingWith("written pages cannot be noted by ring here, only by bitmap: ");
            assertThat(writePagesWithAFullRing()).isInstanceOfSatisfying(Outcome.Failed.class, failed ->
                    assertThat(failed.report()).contains("KVM has written beyond the end of its ring of written pages"));
        } else {
            assertThat(writePagesWithAFullRing()).isInstanceOf(Outcome.Halted.class);
        }
    }

    private static Outcome writePagesWithAFullRing() throws Exception {
        // again: mov edi, 0x40000; mov ecx, 448; next: mov [rdi], al; add edi, 4096; loop next; dec r8d; jnz again; cli; hlt
        try (BareGuest guest = BareGuest.wide(
                1,
                "41 b8 64 00 00 00  bf 00 00 04 00  b9 c0 01 00 00  88 07  81 c7 00 10 00 00  e2 f6  41 ff c8  75 e7  fa f4",
                "write-log",
                "ring")) {
            DirtyLog log = guest.machine.partition().dirtyLog().orElseThrow();
            log.start();
            Outcome end = guest.run();
            if (end instanceof Outcome.Halted) {
                assertThat(collect(log)).containsExactly("40000+1c0000");
            }
            return end;
        }
    }

    private static void awaitSome(BareGuest guest) throws InterruptedException {
        int before = guest.output.size();
        for (int tries = 0; guest.output.size() < before + 3 && tries < 2000; tries++) {
            Thread.sleep(2);
        }
    }

    private static List<String> collect(DirtyLog log) {
        List<String> pages = new ArrayList<>();
        log.collect((address, length) -> {
            // The processor's own writes of accessed bits in the page tables are none of the test's.
            if (address >= 0x2_0000) {
                pages.add("%x+%x".formatted(address, length));
            }
        });
        return pages;
    }
}
