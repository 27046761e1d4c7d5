package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quoll.machine.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The kernel's own figures. */
@RequiresKvm
@Timeout(60)
class KernelStatisticsTest {
    @Test
    void theKernelsFiguresAgreeWithOurs() throws Exception {
        assumeFalse(
                KvmProbe.run().missing().contains(Capability.BINARY_STATS_FD), "this kernel has no KVM_CAP_BINARY_STATS_FD");
        // mov ecx, 1000; again: out 0e9h, al; loop again; cli; hlt
        try (BareGuest guest = BareGuest.wide(1, "b9 e8 03 00 00  e6 e9  e2 fc  fa f4")) {
            assertThat(guest.run()).isInstanceOf(Outcome.Halted.class);
            String statistics = guest.machine.statistics();
            assertThat(statistics).contains("exits-port 1000" + System.lineSeparator());
            long exits = statistics
                    .lines()
                    .filter(line -> line.startsWith("kernel-exits "))
                    .mapToLong(line -> Long.parseLong(line.substring("kernel-exits ".length())))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(statistics));
            assertThat(exits).isGreaterThanOrEqualTo(1000);
        }
    }
}
