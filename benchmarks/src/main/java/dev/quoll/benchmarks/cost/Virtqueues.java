package dev.quoll.benchmarks.cost;

import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
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

/** A request of two buffers through a split virtqueue, without what a device does with it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Virtqueues {
    private GuestMemory memory;
    private DescriptorChain chain;
    private VirtqueueDriver driver;

    @Setup
    public void start() throws IOException {
        memory = GuestMemory.create(List.of(new RamRegion(0, 2L << 20, 0)));
        chain = new DescriptorChain(memory);
        driver = new VirtqueueDriver(memory);
    }

    @TearDown
    public void stop() {
        memory.close();
    }

    /** The driver offers it, the device takes it, gives it back and would interrupt. */
    @Benchmark
    public boolean request() throws VirtqueueException {
        driver.offer();
        boolean taken = driver.queue().take(chain);
        driver.queue().complete(chain, VirtqueueDriver.BUFFER_BYTES);
        driver.queue().signal();
        return taken;
    }

    /** What a device does that is told that there is work, and finds none. */
    @Benchmark
    public boolean nothing() throws VirtqueueException {
        return driver.queue().take(chain);
    }
}
