package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.VirtualCpu;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pauses, resets and the state between them. */
@RequiresKvm
@Timeout(120)
class LifecycleTest {
    /** again: inc qword [1000h]; jmp again. */
    private static final String COUNT = "48 ff 04 25 00 10 00 00  eb f6";

    @Test
    void pausesHoldTheGuestAndLoseNothing() throws Exception {
        try (BareGuest guest = BareGuest.wide(1, COUNT)) {
            guest.machine.start();
            for (int i = 0; i < 200; i++) {
                assertThat(guest.machine.pause()).isTrue();
                long count = guest.machine.memory().readLong(0x1000);
                CpuElement.General state = (CpuElement.General) guest.machine.partition().cpu(0).read(CpuElement.Kind.GENERAL);
                assertThat(state.rip()).isBetween((long) BareGuest.CODE, BareGuest.CODE + 8L);
                assertThat(guest.machine.memory().readLong(0x1000)).isEqualTo(count);
                assertThat(guest.machine.resume()).isTrue();
            }
        }
    }

    @Test
    void everyElementReadsBackAsWrittenAndTheGuestGoesOn() throws Exception {
        // mov ecx, 200000; again: inc rax; loop again; out 0e9h, al; cli; hlt
        try (BareGuest guest = BareGuest.wide(1, "b9 40 0d 03 00  48 ff c0  e2 fb  e6 e9 fa f4")) {
            guest.machine.start();
            Thread.sleep(30);
            guest.machine.pause();
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            for (CpuElement.Kind kind : CpuElement.Kind.values()) {
                CpuElement before = cpu.read(kind);
                cpu.write(before);
                if (kind != CpuElement.Kind.TSC) {
                    assertThat(cpu.read(kind)).isEqualTo(before);
                }
            }
            guest.machine.resume();
            assertThat(guest.machine.await(30, TimeUnit.SECONDS)).containsInstanceOf(Outcome.Halted.class);
            assertThat(guest.output).containsExactly(200_000 & 0xff);
        }
    }

    @Test
    void aResetPutsBackWhatTheGuestHasChanged() throws Exception {
        try (BareGuest guest = BareGuest.wide(1, COUNT)) {
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            var before = java.util.Arrays.stream(CpuElement.Kind.values())
                    .filter(kind -> kind != CpuElement.Kind.TSC)
                    .map(cpu::read)
                    .toList();
            guest.machine.start();
            Thread.sleep(20);
            guest.machine.pause();
            cpu.reset();
            for (CpuElement element : before) {
                assertThat(cpu.read(element.kind())).isEqualTo(element);
            }
        }
    }

    @Test
    void aTripleFaultIsACrash() throws Exception {
        // ud2 without an interrupt table
        try (BareGuest guest = BareGuest.wide(1, "0f 01 1c 25 00 08 00 00 0f 0b")) {
            assertThat(guest.run()).isInstanceOf(Outcome.Crashed.class);
        }
    }
}
