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

/**
 * Code that the engine has not seen before: the time of one instruction of {@link ColdProgram}, which is written anew before each
 * run. {@code once} is decoding and linking; {@code hot} runs each block so often that it is translated, which {@code jit=off} does not
 * do: the difference of the two is the translation.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ColdCode {
    /** More than a block has to be entered until it is translated. */
    private static final int ROUNDS = 80;

    @Param("emulator")
    public String engine;

    @Param({"host", "off"})
    public String jit;

    private byte[] program;
    private LongModeGuest once;
    private LongModeGuest hot;

    @Setup
    public void start() throws IOException, EngineException {
        program = ColdProgram.code();
        once = new LongModeGuest(BenchmarkEngine.of(engine, jit), program, 1);
        hot = new LongModeGuest(BenchmarkEngine.of(engine, jit), program, ROUNDS);
    }

    @TearDown
    public void stop() {
        once.close();
        hot.close();
    }

    @Benchmark
    @OperationsPerInvocation(ColdProgram.INSTRUCTIONS)
    public long once() {
        once.writeCode(program);
        return once.run();
    }

    @Benchmark
    @OperationsPerInvocation(ColdProgram.INSTRUCTIONS)
    public long hot() {
        hot.writeCode(program);
        return hot.run();
    }
}
