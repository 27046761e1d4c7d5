package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.ExternalInterruptSource;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PortDevice;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How interrupts reach a vCPU whose local APIC KVM has, with the other controllers in this process. */
@RequiresKvm
@Timeout(60)
class InterruptTest {
    private static final int VECTOR = 0x40;
    private static final int HANDLER = 0x9000;
    private static final int DOORBELL = 0x100;
    /** mov ebx, 0fee00000h; mov dword [rbx+0f0h], 1ffh. */
    private static final String ENABLE_APIC = "bb 00 00 e0 fe  c7 83 f0 00 00 00 ff 01 00 00 ";
    /** out 0e9h, 1; out 100h, al; sti; hlt; out 0e9h, 3; cli; hlt. */
    private static final String RING_AND_HALT = "b0 01 e6 e9  66 ba 00 01 ee  fb f4  b0 03 e6 e9  fa f4";
    /** out 0e9h, 2. */
    private static final String TELL = "b0 02 e6 e9 ";
    /** mov dword [rbx+0b0h], 0; iretq. */
    private static final String END_OF_INTERRUPT = "c7 83 b0 00 00 00 00 00 00 00  48 cf";

    private static BareGuest guest(String setUp, String handler) throws Exception {
        BareGuest guest = BareGuest.wide(1, ENABLE_APIC + setUp + RING_AND_HALT);
        guest.put(HANDLER, handler);
        guest.gate(VECTOR, HANDLER);
        return guest;
    }

    /** What happens on a write to {@link #DOORBELL}. */
    private static void onDoorbell(BareGuest guest, Runnable action) {
        guest.machine.ports().register(DOORBELL, 1, AccessWidths.BYTE, new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                return 0;
            }

            @Override
            public void writePort(int offset, int width, int value) {
                action.run();
            }
        });
    }

    private static void assertInterrupted(BareGuest guest) throws Exception {
        assertThat(guest.run()).as(() -> guest.output.toString()).isInstanceOf(Outcome.Halted.class);
        assertThat(guest.output).containsExactly(1, 2, 3);
    }

    @Test
    void aMessageWakesAHaltedCpu() throws Exception {
        try (BareGuest guest = guest("", TELL + END_OF_INTERRUPT)) {
            onDoorbell(guest, () -> Thread.ofPlatform().start(() -> {
                sleep(50);
                guest.machine.partition().msiSink().signal(0xfee0_0000L, VECTOR);
            }));
            assertInterrupted(guest);
        }
    }

    @Test
    void theEndOfALevelTriggeredInterruptIsTold() throws Exception {
        List<Integer> ended = new CopyOnWriteArrayList<>();
        try (BareGuest guest = guest("", TELL + END_OF_INTERRUPT)) {
            Partition partition = guest.machine.partition();
            partition.setEoiListener(ended::add);
            onDoorbell(guest, () -> partition.msiSink().signal(0xfee0_0000L, 0xc000 | VECTOR));
            assertInterrupted(guest);
        }
        assertThat(ended).containsExactly(VECTOR);
    }

    @Test
    void anEdgeTriggeredInterruptEndsInTheKernel() throws Exception {
        List<Integer> ended = new CopyOnWriteArrayList<>();
        try (BareGuest guest = guest("", TELL + END_OF_INTERRUPT)) {
            Partition partition = guest.machine.partition();
            partition.setEoiListener(ended::add);
            onDoorbell(guest, () -> partition.msiSink().signal(0xfee0_0000L, VECTOR));
            assertInterrupted(guest);
        }
        assertThat(ended).isEmpty();
    }

    @Test
    void the8259sInterruptComesThroughLint0() throws Exception {
        AtomicBoolean pending = new AtomicBoolean();
        AtomicInteger acknowledged = new AtomicInteger();
        // mov dword [rbx+350h], 700h: LINT0 is ExtINT
        try (BareGuest guest = guest("c7 83 50 03 00 00 00 07 00 00 ", TELL + "48 cf")) {
            Partition partition = guest.machine.partition();
            partition.setExternalInterruptSource(new ExternalInterruptSource() {
                @Override
                public int acknowledge() {
                    acknowledged.incrementAndGet();
                    pending.set(false);
                    partition.lint0().setLevel(false);
                    return VECTOR;
                }

                @Override
                public boolean pending() {
                    return pending.get();
                }
            });
            onDoorbell(guest, () -> Thread.ofPlatform().start(() -> {
                sleep(50);
                pending.set(true);
                partition.lint0().setLevel(true);
            }));
            assertInterrupted(guest);
        }
        assertThat(acknowledged).hasValue(1);
    }

    @Test
    void lint1IsTheNmiPin() throws Exception {
        // mov dword [rbx+360h], 400h: LINT1 is NMI
        try (BareGuest guest = guest("c7 83 60 03 00 00 00 04 00 00 ", TELL + "48 cf")) {
            guest.gate(2, HANDLER);
            onDoorbell(guest, () -> Thread.ofPlatform().start(() -> {
                sleep(50);
                guest.machine.partition().lint1().pulse();
            }));
            assertInterrupted(guest);
        }
    }

    @Test
    void messagesThatAddressNobodyAreLostAndHarmNothing() throws Exception {
        // out 100h; sti; again: hlt; jmp again
        try (BareGuest guest = BareGuest.wide(1, ENABLE_APIC + "66 ba 00 01 ee  fb f4 eb fd")) {
            guest.put(HANDLER, TELL + END_OF_INTERRUPT);
            guest.gate(VECTOR, HANDLER);
            for (int vector = 0x50; vector < 0x90; vector++) {
                guest.gate(vector, HANDLER + 0x100);
            }
            guest.put(HANDLER + 0x100, END_OF_INTERRUPT);
            Partition partition = guest.machine.partition();
            onDoorbell(guest, () -> {
                partition.msiSink().signal(0xfee0_7000L, VECTOR);
                partition.msiSink().signal(0x1000, VECTOR);
                partition.msiSink().signal(0xfee0_0000L, 0);
                for (int i = 0; i < 300; i++) {
                    partition.msiSink().signal(0xfee0_0000L | i << 12 & 0xff000, 0x8000 | 0x50 + i % 64);
                }
                partition.msiSink().signal(0xfee0_0000L, VECTOR);
            });
            guest.machine.start();
            for (int tries = 0; guest.output.isEmpty() && tries < 1000; tries++) {
                sleep(10);
            }
            assertThat(guest.output).containsExactly(2);
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
