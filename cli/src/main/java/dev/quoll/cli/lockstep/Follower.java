package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuExit;
import dev.quoll.machine.GuestDebug;
import dev.quoll.machine.GuestDebug.Breakpoint;
import dev.quoll.machine.GuestDebug.Watch;
import dev.quoll.machine.VirtualCpu;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Brings a CPU to where the other engine's has come by one instruction. A CPU with breakpoints runs to that place by one,
 * which leaves no trace in the guest. A single step would: for it the processor runs with TF set, which shows in every copy
 * of RFLAGS that is pushed meanwhile (SDM vol. 3, 18.3.1.4), and a KVM that interprets ends some steps an instruction late.
 * One thread.
 */
final class Follower implements AutoCloseable {
    private final VirtualCpu cpu;
    private final Duration patience;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("quoll-lockstep").factory());

    /** @param patience how long one instruction may take */
    Follower(VirtualCpu cpu, Duration patience) {
        this.cpu = cpu;
        this.patience = patience;
    }

    /** Executes up to where the other CPU is. @param place linear address of its next instruction, not of this one's */
    CpuExit runTo(long place) {
        if (!(cpu instanceof GuestDebug debug)) {
            return cpu.step();
        }
        debug.debug(false, List.of(new Breakpoint(place, 1, Watch.EXECUTION)));
        Future<?> impatience = watch.schedule(cpu::kick, patience.toMillis(), TimeUnit.MILLISECONDS);
        try {
            CpuExit exit = cpu.run();
            return exit instanceof CpuExit.Kicked
                    ? new CpuExit.Failure("it has not come to 0x%x in %d ms".formatted(place, patience.toMillis()))
                    : exit;
        } finally {
            impatience.cancel(false);
            debug.debug(false, List.of());
        }
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }
}
