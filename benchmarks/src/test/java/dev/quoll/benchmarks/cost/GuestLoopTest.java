package dev.quoll.benchmarks.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        try (LongModeGuest guest = new LongModeGuest(BenchmarkEngine.of("emulator", "off"), loop, TURNS)) {
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
        try (LongModeGuest guest = new LongModeGuest(BenchmarkEngine.of("emulator", "off"), GuestLoop.REGISTERS, TURNS)) {
            guest.run();
            assertThat(guest.registers().registers().get(RAX)).isEqualTo((long) TURNS * (TURNS + 1) / 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "off"})
    void coldCodeIsRunAsOftenAsAskedForAlsoWhenItIsWrittenAnew(String jit) throws Exception {
        byte[] code = ColdProgram.code();
        try (LongModeGuest guest = new LongModeGuest(BenchmarkEngine.of("emulator", jit), code, 80)) {
            long end = guest.run();
            assertThat(guest.registers().registers().get(RCX)).isZero();
            long sum = guest.registers().registers().get(2);
            guest.writeCode(code);
            assertThat(guest.run()).isEqualTo(end);
            assertThat(guest.registers().registers().get(2)).isEqualTo(sum);
        }
    }

    @Test
    void requestsGoThroughTheVirtqueueInTheirOrder() throws Exception {
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, 2L << 20, 0)))) {
            VirtqueueDriver driver = new VirtqueueDriver(memory);
            DescriptorChain chain = new DescriptorChain(memory);
            assertThat(driver.queue().take(chain)).isFalse();
            for (int i = 1; i <= 70_000; i++) {
                driver.offer();
                assertThat(driver.queue().take(chain)).isTrue();
                assertThat(chain.readableLength()).isEqualTo(VirtqueueDriver.BUFFER_BYTES);
                assertThat(chain.writableLength()).isEqualTo(VirtqueueDriver.BUFFER_BYTES);
                driver.queue().complete(chain, 1);
                driver.queue().signal();
                assertThat(driver.used()).isEqualTo(i & 0xffff);
            }
        }
    }

    @Test
    void copyUsesUpItsOwnCount() throws Exception {
        try (LongModeGuest guest = new LongModeGuest(BenchmarkEngine.of("emulator", "off"), GuestLoop.COPY, TURNS)) {
            guest.run();
            CpuElement.General registers = guest.registers();
            assertThat(registers.registers().get(RBX)).isZero();
            assertThat(registers.registers().get(6) - registers.registers().get(5)).as("RSI - RBP").isEqualTo(512);
        }
    }
}
