package dev.quoll.benchmarks.cost;

import dev.quoll.devices.acpi.PmTimer;
import dev.quoll.devices.interrupt.IoApic;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.HostClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.TimerQueue;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a device takes for the registers that guests touch most, the clock behind them, and guest memory for a device. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DeviceRegisters {
    private static final int TRANSMIT = 0;
    private static final int LINE_STATUS = 5;
    private static final long REDIRECTION_WINDOW = 0x10;
    private static final int MEMORY_MASK = 0xf_fff8;

    private final HostClock clock = new HostClock();
    private final PmTimer pmTimer = new PmTimer(clock);
    private final IoApic ioApic = new IoApic((address, data) -> {});
    private TimerQueue timers;
    private Uart16550 uart;
    private GuestMemory memory;
    private int address;

    @Setup
    public void start() throws IOException {
        timers = new TimerQueue(clock, "bench-timers");
        uart = new Uart16550("serial", InterruptLine.NONE, SerialOutput.NONE, clock, timers);
        memory = GuestMemory.create(List.of(new RamRegion(0, 2L << 20, 0)));
    }

    @TearDown
    public void stop() {
        timers.close();
        memory.close();
    }

    @Benchmark
    public int uartLineStatus() {
        return uart.readPort(LINE_STATUS, 1);
    }

    /** As a guest without FIFO interrupts does: a character, then the status. */
    @Benchmark
    public int uartTransmit() {
        uart.writePort(TRANSMIT, 1, 'x');
        return uart.readPort(LINE_STATUS, 1);
    }

    @Benchmark
    public int pmTimer() {
        return pmTimer.readPort(0, 4);
    }

    @Benchmark
    public long ioApicRead() {
        return ioApic.readMmio(REDIRECTION_WINDOW, 4);
    }

    @Benchmark
    public long clockNanos() {
        return clock.nanos();
    }

    @Benchmark
    public long clockTsc() {
        return clock.tsc();
    }

    @Benchmark
    public long memoryRead() {
        address = address + 72 & MEMORY_MASK;
        return memory.readLong(address);
    }

    @Benchmark
    public void memoryWrite() {
        address = address + 72 & MEMORY_MASK;
        memory.writeLong(address, address);
    }
}
