package dev.quoll.cli.instruments;

import dev.quoll.boot.symbols.KernelSymbols;
import dev.quoll.boot.symbols.SymbolTable;
import dev.quoll.machine.CodeSample;
import dev.quoll.machine.Machine;
import dev.quoll.machine.Partition;
import dev.quoll.machine.VirtualCpu;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Asks every CPU where its guest is, again and again, on a thread of its own. */
final class Profiler implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(1);

    private final Machine machine;
    private final SymbolTable program;
    private final GuestProfile profile = new GuestProfile();
    private final Thread thread;

    /** Starts it. @param program functions that are not the kernel's own */
    Profiler(Machine machine, SymbolTable program) {
        this.machine = machine;
        this.program = program;
        thread = Thread.ofPlatform().daemon().name("quoll-profiler").start(this::run);
    }

    private void run() {
        try {
            for (; ; ) {
                Partition partition = machine.partition();
                for (int i = 0; i < partition.cpuCount(); i++) {
                    VirtualCpu cpu = partition.cpu(i);
                    CodeSample sample = cpu.takeSample();
                    if (sample != null) {
                        profile.add(sample);
                    }
                    cpu.requestSample();
                }
                TimeUnit.NANOSECONDS.sleep(PERIOD.toNanos());
            }
        } catch (InterruptedException e) {
            // The end of the profile.
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it, and gives its table. The guest's memory must still be there. */
    List<String> report() throws InterruptedException {
        close();
        thread.join();
        for (long space : profile.kernelSpaces()) {
            Optional<List<SymbolTable.Symbol>> kernel = KernelSymbols.find(machine.memory(), space);
            if (kernel.isPresent()) {
                return profile.report(new SymbolTable(kernel.get()), program);
            }
        }
        return profile.report(new SymbolTable(List.of()), program);
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
