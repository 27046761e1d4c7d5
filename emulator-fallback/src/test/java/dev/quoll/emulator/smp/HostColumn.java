package dev.quoll.emulator.smp;

import dev.quoll.emulator.smp.Litmus.Observable;
import dev.quoll.emulator.smp.Litmus.Step;
import dev.quoll.machine.GuestMemory;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;

/**
 * A column of a litmus test that no virtual CPU runs: a thread of the host, as a device's is, which shares RAM with the
 * guest through {@link GuestMemory}. Loads are acquire, stores release, four bytes wide, and barriers full fences.
 */
final class HostColumn implements Runnable {
    /** Spins at a barrier before the processor is given away: the other side may be waiting for it. */
    private static final int SPINS = 1000;

    private final GuestMemory memory;
    private final List<Step> steps;
    private final LitmusMachine.Rounds rounds;
    private final int thread;
    private final int[] results;
    private final int[] registers = new int[Litmus.REGISTERS.size()];
    private final Random random;

    HostColumn(GuestMemory memory, Litmus test, int thread, LitmusMachine.Rounds rounds, long seed) {
        this.memory = memory;
        this.steps = test.threads().get(thread);
        this.thread = thread;
        this.rounds = rounds;
        this.random = new Random(seed);
        results = test.observables().stream()
                .filter(each -> each.thread() == thread)
                .mapToInt(Observable::number)
                .toArray();
        if (steps.stream().anyMatch(step -> step.size() > 0 && step.size() != 4)) {
            throw new IllegalArgumentException("host threads access four bytes: " + test.name());
        }
    }

    @Override
    public void run() {
        for (int round = 0; round < rounds.count(); round++) {
            meet(round + 1);
            for (int delay = random.nextInt(128) >>> random.nextInt(8); delay > 0; delay--) {
                Thread.onSpinWait();
            }
            for (Step step : steps) {
                execute(step, round);
            }
            for (int result : results) {
                memory.writeLong(rounds.result(thread, round, result), registers[result] & 0xffff_ffffL);
            }
        }
    }

    private void meet(long round) {
        memory.writeLong(rounds.barrier(thread), round);
        for (int other = 0; other < rounds.columns(); other++) {
            for (int spins = 1; memory.readLongAcquire(rounds.barrier(other)) < round; spins++) {
                if (spins % SPINS == 0) {
                    Thread.yield();
                }
                Thread.onSpinWait();
            }
        }
    }

    private void execute(Step step, int round) {
        long address = step.size() == 0 ? 0 : rounds.element(step.location(), round) + step.offset();
        int operand = step.register() < 0 ? (int) step.value() : registers[step.register()];
        switch (step.kind()) {
            case LOAD -> registers[step.register()] = memory.readIntAcquire(address);
            case STORE -> memory.writeIntRelease(address, operand);
            case SET -> registers[step.register()] = (int) step.value();
            case FENCE -> VarHandle.fullFence();
            case XCHG -> registers[step.register()] = update(address, old -> operand);
            case ADD -> update(address, old -> old + operand);
            case XADD -> registers[step.register()] = update(address, old -> old + operand);
            case CMPXCHG -> {
                int expected = registers[0];
                registers[0] = update(address, old -> old == expected ? operand : old);
            }
        }
    }

    private int update(long address, IntUnaryOperator rule) {
        for (; ; ) {
            int old = memory.readIntAcquire(address);
            if (memory.compareAndSetInt(address, old, rule.applyAsInt(old))) {
                return old;
            }
        }
    }
}
