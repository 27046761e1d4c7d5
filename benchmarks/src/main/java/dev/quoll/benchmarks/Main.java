package dev.quoll.benchmarks;

import dev.quoll.benchmarks.boot.BootCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Entry point of {@code ./quoll bench}. */
@Command(
        name = "bench",
        description = "Measures Quoll; see docs/benchmarks.md.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {BootCommand.class, JmhCommand.class})
public final class Main implements Runnable {
    @Option(names = "--help", usageHelp = true, scope = ScopeType.INHERIT, description = "Shows this help.")
    private boolean help;

    @Spec
    private CommandSpec spec;

    private Main() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to measure: bench boot or bench jmh.");
    }

    public static void main(String[] arguments) {
        CommandLine line = new CommandLine(new Main());
        // JMH has options of its own.
        line.getSubcommands().get("jmh").setUnmatchedOptionsArePositionalParams(true);
        System.exit(line.setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((exception, failed, _) -> {
                    if (exception instanceof BenchmarkException) {
                        failed.getErr().println("quoll bench: " + exception.getMessage());
                        return 1;
                    }
                    throw exception;
                })
                .execute(arguments));
    }
}
