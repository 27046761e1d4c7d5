package dev.quoll.benchmarks;

import dev.quoll.benchmarks.boot.BootCommand;
import dev.quoll.benchmarks.debian.DebianCommand;
import dev.quoll.benchmarks.guest.GuestBenchmark;
import dev.quoll.benchmarks.kvm.ExitCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Entry point of {@code ./quoll bench}. */
@Command(
        name = "bench",
        sortOptions = false,
        description = {
            "Measures Quoll; see docs/benchmarks.md.",
            "Without a command: runs a program of many kernels natively, under Quoll's engines and tiers, and under QEMU's",
            "emulator (TCG), in turn. The program is built with the host's C compiler; as a guest it is the first process of a",
            "stock kernel. A table, a chart and all figures go into a folder."
        },
        synopsisSubcommandLabel = "[COMMAND]",
        subcommands = {BootCommand.class, DebianCommand.class, ExitCommand.class, JmhCommand.class})
public final class Main implements Callable<Integer> {
    @Option(names = "--help", usageHelp = true, scope = ScopeType.INHERIT, description = "Shows this help.")
    private boolean help;

    @Mixin
    private GuestBenchmark guest;

    private Main() {}

    @Override
    public Integer call() throws BenchmarkException, InterruptedException {
        return guest.run();
    }

    /** The command line, with errors told in one sentence. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        // JMH has options of its own.
        line.getSubcommands().get("jmh").setUnmatchedOptionsArePositionalParams(true);
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((exception, failed, _) -> {
                    if (exception instanceof BenchmarkException) {
                        failed.getErr().println("quoll bench: " + exception.getMessage());
                        return 1;
                    }
                    throw exception;
                })
                .setParameterExceptionHandler((exception, _) -> {
                    CommandLine failed = exception.getCommandLine();
                    failed.getErr().println("quoll bench: " + exception.getMessage());
                    failed.getErr().println("Try './quoll %s --help'.".formatted(failed.getCommandSpec().qualifiedName()));
                    return ExitCode.USAGE;
                });
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }
}
