package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.GuestDebug;
import dev.quoll.machine.GuestDebug.Breakpoint;
import dev.quoll.machine.GuestDebug.Watch;
import dev.quoll.machine.VirtualCpu;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Single steps and hardware breakpoints, on a CPU that the test runs itself. */
@RequiresKvm
@Timeout(60)
class GuestDebugTest {
    /** mov eax, 1; inc eax; mov [1000h], eax; add ebx, eax; jmp $. */
    private static final String CODE = "b8 01 00 00 00  ff c0  89 04 25 00 10 00 00  01 c3  eb fe";

    private static long rip(VirtualCpu cpu) {
        return ((CpuElement.General) cpu.read(CpuElement.Kind.GENERAL)).rip();
    }

    private static BareGuest loaded() throws Exception {
        BareGuest guest = BareGuest.wide(1, CODE);
        guest.load();
        return guest;
    }

    @Test
    void oneInstructionAStep() throws Exception {
        try (BareGuest guest = loaded()) {
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            ((GuestDebug) cpu).debug(true, List.of());
            for (int offset : new int[] {5, 7, 14, 16, 16}) {
                assertThat(cpu.run()).isEqualTo(new CpuExit.Breakpoint(BareGuest.CODE + offset));
                assertThat(rip(cpu)).isEqualTo(BareGuest.CODE + offset);
            }
            assertThat(guest.machine.memory().readInt(0x1000)).isEqualTo(2);
        }
    }

    @Test
    void theEnginesStepIsOneInstruction() throws Exception {
        try (BareGuest guest = loaded()) {
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            for (int offset : new int[] {5, 7, 14}) {
                assertThat(cpu.step()).isInstanceOf(CpuExit.Breakpoint.class);
                assertThat(rip(cpu)).isEqualTo(BareGuest.CODE + offset);
            }
        }
    }

    @Test
    void breakpointsStopOnExecutionAndOnWrites() throws Exception {
        try (BareGuest guest = loaded()) {
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            GuestDebug debug = (GuestDebug) cpu;
            debug.debug(false, List.of(new Breakpoint(BareGuest.CODE + 7, 1, Watch.EXECUTION)));
            assertThat(cpu.run()).isInstanceOf(CpuExit.Breakpoint.class);
            assertThat(rip(cpu)).isEqualTo(BareGuest.CODE + 7);
            assertThat(guest.machine.memory().readInt(0x1000)).isZero();
            debug.debug(false, List.of(new Breakpoint(0x1000, 4, Watch.WRITE), new Breakpoint(BareGuest.CODE + 16, 1, Watch.EXECUTION)));
            assertThat(cpu.run()).isInstanceOf(CpuExit.Breakpoint.class);
            assertThat(guest.machine.memory().readInt(0x1000)).isEqualTo(2);
        }
    }

    @Test
    void whatACpuHasNotIsRefused() throws Exception {
        try (BareGuest guest = loaded()) {
            GuestDebug debug = (GuestDebug) guest.machine.partition().cpu(0);
            assertThatThrownBy(() -> debug.debug(false, Collections.nCopies(5, new Breakpoint(0, 1, Watch.EXECUTION))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new Breakpoint(1, 4, Watch.WRITE)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Breakpoint(0, 4, Watch.EXECUTION)).isInstanceOf(IllegalArgumentException.class);
    }
}
