package dev.quoll.benchmarks.cost;

import dev.quoll.machine.EngineException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Guest code on an engine: the time of one turn of each {@link GuestLoop}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class GuestCode {
    /** Long enough that entering and leaving the CPU does not count. */
    private static final int TURNS = 10_000;

    @Param("emulator")
    public String engine;

    /** {@code --jit}; only for the emulator. */
    @Param("host")
    public String jit;

    @Param
    public GuestLoop loop;

    private LongModeGuest guest;

    @Setup
    public void start() throws IOException, EngineException {
        guest = new LongModeGuest(BenchmarkEngine.of(engine, jit), loop, TURNS);
    }

    @TearDown
    public void stop() {
        guest.close();
    }

    @Benchmark
    @OperationsPerInvocation(TURNS)
    public long turn() {
        return guest.run();
    }
}
