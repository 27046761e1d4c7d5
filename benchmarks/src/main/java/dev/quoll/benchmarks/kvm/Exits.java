package dev.quoll.benchmarks.kvm;

import dev.quoll.machine.EngineException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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

/** One exit through Quoll's loop, kernel included. With {@code -prof gc} it shows what an exit allocates. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Exits {
    /** What a run costs once is spread over so many. */
    private static final int EXITS = 20_000;

    @Param({"PORT", "MMIO", "IOEVENTFD", "HLT"})
    public String guest;

    private JavaLoop loop;

    @Setup(Level.Trial)
    public void make() throws IOException, EngineException {
        loop = new JavaLoop(ExitGuest.valueOf(guest), EXITS);
    }

    @TearDown(Level.Trial)
    public void close() {
        loop.close();
    }

    @Benchmark
    @OperationsPerInvocation(EXITS)
    public void exit() {
        loop.run();
    }
}
