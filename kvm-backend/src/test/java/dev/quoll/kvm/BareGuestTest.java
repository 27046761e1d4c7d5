package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.Outcome;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Guests of a few instructions on KVM, through the machine. */
@RequiresKvm
@Timeout(60)
class BareGuestTest {
    @Test
    void realModeReachesPortsAndHaltsForEver() throws Exception {
        // in al, 0e9h; inc al; out 0e9h, al; mov al, 'Q'; out 0e9h, al; cli; hlt
        try (BareGuest guest = BareGuest.real("e4 e9 fe c0 e6 e9 b0 51 e6 e9 fa f4")) {
            assertThat(guest.run()).isInstanceOfSatisfying(Outcome.Halted.class, halted ->
                    assertThat(halted.detail()).contains("CPU 0 at 0x800c"));
            assertThat(guest.output).containsExactly(0x5b, 'Q' + 0);
        }
    }

    @Test
    void longModeReachesMmio() throws Exception {
        AtomicLong register = new AtomicLong();
        // mov rbx, 0d0000000h; mov rax, 1122334455667788h; mov [rbx+8], rax; mov eax, [rbx+8]; out 0e9h, al; cli; hlt
        try (BareGuest guest = BareGuest.wide(1, """
                bb 00 00 00 d0  48 b8 88 77 66 55 44 33 22 11  48 89 43 08  8b 43 08  e6 e9  fa f4""")) {
            guest.machine.mmio().register(0xd000_0000L, 0x1000, new AccessWidths(1, 8), new MmioDevice() {
                @Override
                public long readMmio(long offset, int width) {
                    return register.get() + 1 + offset - 8;
                }

                @Override
                public void writeMmio(long offset, int width, long value) {
                    register.set(value);
                }
            });
            assertThat(guest.run()).isInstanceOf(Outcome.Halted.class);
            assertThat(register).hasValue(0x1122_3344_5566_7788L);
            assertThat(guest.output).containsExactly(0x89);
        }
    }
}
