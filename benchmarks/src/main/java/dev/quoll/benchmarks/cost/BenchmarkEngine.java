package dev.quoll.benchmarks.cost;

import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;

/** The engine that a benchmark's parameters name. */
final class BenchmarkEngine {
    private static final String EMULATOR = "emulator";

    private BenchmarkEngine() {}

    /** @param jit how the emulator runs hot code; another engine has no such choice */
    static Engine of(String engine, String jit) throws EngineException {
        Engine found = Engines.named(engine);
        return engine.equals(EMULATOR) ? found.with("jit", jit) : found;
    }
}
