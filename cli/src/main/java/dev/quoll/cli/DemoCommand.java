package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.image.ImageException;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.cli.demo.DemoGuest;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code quoll demo}: the guest that Quoll brings along. */
@Command(
        name = "demo",
        sortOptions = false,
        description = "Runs a small guest out of Quoll itself: nothing is fetched, and it is up at once.",
        footer = {"", "q powers the guest off; Ctrl-A x leaves."})
final class DemoCommand implements Callable<Integer> {
    private static final long MEMORY = 4L << 20;
    private static final int LONGEST = 1_000_000;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "30",
            description = "When the guest powers off by itself; 0 is never (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Mixin
    private EngineOption engine;

    @Mixin
    private InstrumentOptions instruments;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException, ImageException {
        if (seconds < 0 || seconds > LONGEST) {
            throw new ParameterException(
                    spec.commandLine(), "--seconds is from 0 to %d, not %d.".formatted(LONGEST, seconds));
        }
        PcBuilder plan = new PcBuilder()
                .memory(MEMORY)
                .kernel(KernelImage.parse(DemoGuest.image(seconds * DemoGuest.TICKS_PER_SECOND)));
        return new GuestRun(plan, engine.choose(), spec.commandLine().getErr(), instruments)
                .grace(Duration.ZERO)
                .at(new ConsoleTarget.Stdio());
    }
}
