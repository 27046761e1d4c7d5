package dev.quoll.cli;

import dev.quoll.boot.DeviceUnavailableException;
import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.cli.instruments.Instruments;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.MachineListener;
import dev.quoll.machine.Outcome;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;

/** One run of a guest at a console, from the making of the machine to the exit status. */
final class GuestRun {
    /** How long a guest has to power off after SIGTERM. */
    static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);

    private final PcBuilder plan;
    private final Engine engine;
    private final PrintWriter err;
    private final InstrumentOptions instruments;
    private Duration grace = DEFAULT_GRACE;
    private boolean terminated;

    /**
     * @param plan all but engine and console
     * @param err for the figures that the instruments give at the end
     */
    GuestRun(PcBuilder plan, Engine engine, PrintWriter err, InstrumentOptions instruments) {
        this.plan = plan.engine(engine);
        this.engine = engine;
        this.err = err;
        this.instruments = instruments;
    }

    /** How long the guest has to power off after SIGTERM; without, {@link #DEFAULT_GRACE}. */
    GuestRun grace(Duration time) {
        grace = time;
        return this;
    }

    /** Runs it; gives the status of an end that is well. Any other end is a failure with its sentence. */
    int at(ConsoleTarget console) throws CommandFailure, InterruptedException {
        try (ConsoleSession session = new ConsoleSession(console)) {
            plan.console(session.output()).notices(session::say);
            Outcome outcome = run(session);
            if (session.failure() != null) {
                throw new CommandFailure(
                        ExitStatus.HOST_IO,
                        "the console could not be written: %s.".formatted(HostErrors.reason(session.failure())),
                        session.failure());
            }
            return terminated ? ExitStatus.TERMINATED : statusOf(outcome);
        }
    }

    private Outcome run(ConsoleSession session) throws CommandFailure, InterruptedException {
        try (Pc pc = build()) {
            pc.machine().setListener(new MachineListener() {
                @Override
                public void panicked(String report) {
                    session.say("the guest reports a panic: " + report);
                }
            });
            if (session.interactive()) {
                int cpus = pc.machine().config().cpus();
                session.say("engine %s, %d CPU%s; Ctrl-A x leaves, Ctrl-A h helps"
                        .formatted(engine.name(), cpus, cpus == 1 ? "" : "s"));
            }
            engine.notes().forEach(session::say);
            return run(session, pc);
        }
    }

    private Outcome run(ConsoleSession session, Pc pc) throws CommandFailure, InterruptedException {
        try (Instruments running = instruments.open(pc.machine(), session::say)) {
            session.attach(pc, running);
            Outcome outcome;
            try (PowerButton button = new PowerButton(pc, grace, session::say)) {
                pc.machine().start();
                pc.loadedKernel().ifPresent(kernel -> kernel.notes().forEach(session::say));
                outcome = pc.machine().await();
                terminated = button.stopped();
            } catch (IOException e) {
                throw new CommandFailure(ExitStatus.BAD_IMAGE, e.getMessage(), e);
            }
            String figures = instruments.report(pc.machine(), running);
            session.close();
            err.print(figures);
            err.flush();
            return outcome;
        }
    }

    private Pc build() throws CommandFailure {
        try {
            return plan.build();
        } catch (EngineException e) {
            throw new CommandFailure(ExitStatus.NO_ENGINE, e.getMessage(), e);
        } catch (DeviceUnavailableException e) {
            throw new CommandFailure(ExitStatus.DEVICE, e.getMessage() + ".", e);
        } catch (IOException e) {
            throw new CommandFailure(ExitStatus.NO_MEMORY, e.getMessage(), e);
        }
    }

    static int statusOf(Outcome outcome) throws CommandFailure {
        return switch (outcome) {
            case Outcome.PoweredOff _, Outcome.Stopped _ -> ExitStatus.OK.code();
            case Outcome.Exited(int status) -> status & 0xff;
            case Outcome.Reset(String cause) ->
                throw new CommandFailure(ExitStatus.GUEST_RESET, "the guest reset (%s).".formatted(cause));
            case Outcome.Halted(String detail) ->
                throw new CommandFailure(ExitStatus.GUEST_HALTED, "the guest has halted for good: %s.".formatted(detail));
            case Outcome.Crashed(String report) ->
                throw new CommandFailure(ExitStatus.GUEST_CRASHED, "the guest crashed: " + report);
            case Outcome.Failed(String report) ->
                throw new CommandFailure(ExitStatus.MACHINE_FAILED, "the machine could not go on: " + report);
        };
    }
}
