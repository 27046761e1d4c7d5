package dev.quoll.benchmarks.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.CpuElement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A benchmark measures what it says only if its loop does what it says. */
@Timeout(60)
class GuestLoopTest {
    private static final int TURNS = 1000;
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RBX = 3;

    @ParameterizedTest
    @EnumSource
    void everyLoopCountsDownToItsHaltEachTime(GuestLoop loop) throws Exception {
        try (LongModeGuest guest = new LongModeGuest("emulator", loop, TURNS)) {
            long end = guest.run();
            assertThat(guest.registers().registers().get(RCX)).isZero();
            assertThat(guest.run()).isEqualTo(end);
            assertThat(guest.registers().rip()).isEqualTo(end);
            boolean ofDevice = loop == GuestLoop.PORT || loop == GuestLoop.MMIO;
            assertThat(guest.deviceReads()).isEqualTo(ofDevice ? 2 * TURNS : 0);
        }
    }

    @Test
    void registersAddsTheNumbersUp() throws Exception {
        try (LongModeGuest guest = new LongModeGuest("emulator", GuestLoop.REGISTERS, TURNS)) {
            guest.run();
            assertThat(guest.registers().registers().get(RAX)).isEqualTo((long) TURNS * (TURNS + 1) / 2);
        }
    }

    @Test
    void copyUsesUpItsOwnCount() throws Exception {
        try (LongModeGuest guest = new LongModeGuest("emulator", GuestLoop.COPY, TURNS)) {
            guest.run();
            CpuElement.General registers = guest.registers();
            assertThat(registers.registers().get(RBX)).isZero();
            assertThat(registers.registers().get(6) - registers.registers().get(5)).as("RSI - RBP").isEqualTo(512);
        }
    }
}
