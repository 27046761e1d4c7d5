package dev.quoll.benchmarks.cost;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PortDevice;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The way from an address to a device. Accesses go to the ranges in turn, by one of two classes of device. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Bus {
    private static final int PORT_BASE = 0x100;
    private static final int PORT_STRIDE = 0x20;
    private static final long MMIO_BASE = 0xd000_0000L;
    private static final long MMIO_STRIDE = 0x1_0000;

    @Param({"2", "16"})
    public int ranges;

    private final PortBus ports = new PortBus();
    private final MmioBus mmio = new MmioBus();
    private int next;

    private record Even(int value) implements PortDevice, MmioDevice {
        @Override
        public int readPort(int offset, int width) {
            return value + offset;
        }

        @Override
        public void writePort(int offset, int width, int ignored) {
            // nothing is written here
        }

        @Override
        public long readMmio(long offset, int width) {
            return value + offset;
        }

        @Override
        public void writeMmio(long offset, int width, long ignored) {
            // nothing is written here
        }
    }

    private record Odd(int value) implements PortDevice, MmioDevice {
        @Override
        public int readPort(int offset, int width) {
            return value - offset;
        }

        @Override
        public void writePort(int offset, int width, int ignored) {
            // nothing is written here
        }

        @Override
        public long readMmio(long offset, int width) {
            return value - offset;
        }

        @Override
        public void writeMmio(long offset, int width, long ignored) {
            // nothing is written here
        }
    }

    @Setup
    public void register() {
        for (int i = 0; i < ranges; i++) {
            if (i % 2 == 0) {
                ports.register(PORT_BASE + i * PORT_STRIDE, 8, AccessWidths.BYTE_TO_DWORD, new Even(i));
                mmio.register(MMIO_BASE + i * MMIO_STRIDE, 0x1000, AccessWidths.DWORD, new Even(i));
            } else {
                ports.register(PORT_BASE + i * PORT_STRIDE, 8, AccessWidths.BYTE_TO_DWORD, new Odd(i));
                mmio.register(MMIO_BASE + i * MMIO_STRIDE, 0x1000, AccessWidths.DWORD, new Odd(i));
            }
        }
    }

    private int next() {
        next = next + 1 == ranges ? 0 : next + 1;
        return next;
    }

    @Benchmark
    public int portRead() {
        return ports.read(PORT_BASE + next() * PORT_STRIDE + 5, 1);
    }

    @Benchmark
    public int unclaimedPortRead() {
        return ports.read(PORT_BASE + next() * PORT_STRIDE + 8, 1);
    }

    @Benchmark
    public long mmioRead() {
        return mmio.read(MMIO_BASE + next() * MMIO_STRIDE + 0x10, 4);
    }
}
