package dev.quoll.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Entry point of {@code quoll}. */
@Command(
        name = "quoll",
        description = "A virtual machine monitor in Java.",
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = VersionSource.class,
        subcommands = {
            RunCommand.class,
            ImageCommand.class,
            DemoCommand.class,
            DoctorCommand.class,
            DisasmCommand.class,
            LockstepCommand.class,
            VersionCommand.class
        },
        footer = {"", "The launcher knows two more: `./quoll test [--long]` runs the tests, `./quoll bench` the benchmarks."})
public final class Main implements Runnable {
    @Option(names = "--version", versionHelp = true, description = "Says which Quoll this is.")
    private boolean version;

    @Option(names = "--help", usageHelp = true, scope = ScopeType.INHERIT, description = "Shows this help.")
    private boolean help;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Shows where an error came from (or -Dquoll.debug=true).")
    private boolean debug;

    @Spec
    private CommandSpec spec;

    private Main() {}

    @Override
    public void run() {
        List<String> names = List.copyOf(spec.subcommands().keySet());
        throw new ParameterException(spec.commandLine(), "Say what to do: quoll %s or %s."
                .formatted(String.join(", ", names.subList(0, names.size() - 1)), names.getLast()));
    }

    /** The command line, with errors told in one sentence. */
    static CommandLine commandLine() {
        Main main = new Main();
        return new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExitCodeExceptionMapper(Main::statusOf)
                .setExecutionExceptionHandler((exception, line, _) -> {
                    main.tell(line.getErr(), exception);
                    return statusOf(exception);
                })
                .setParameterExceptionHandler((exception, _) -> {
                    CommandLine line = exception.getCommandLine();
                    PrintWriter err = line.getErr();
                    err.println("quoll: " + exception.getMessage());
                    if (!CommandLine.UnmatchedArgumentException.printSuggestions(exception, err)) {
                        err.println("Try '%s --help'.".formatted(line.getCommandSpec().qualifiedName()));
                    }
                    return ExitStatus.USAGE.code();
                });
    }

    private static int statusOf(Throwable exception) {
        return switch (exception) {
            case CommandFailure failure -> failure.status().code();
            case OutOfMemoryError _ -> ExitStatus.NO_MEMORY.code();
            default -> ExitStatus.INTERNAL_ERROR.code();
        };
    }

    private void tell(PrintWriter err, Exception exception) {
        err.println("quoll: "
                + (exception instanceof CommandFailure
                        ? exception.getMessage()
                        : "a fault of Quoll itself: %s; run again with --debug to see where".formatted(exception)));
        if (debug || Boolean.getBoolean("quoll.debug")) {
            for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
                err.println(cause);
                for (StackTraceElement frame : cause.getStackTrace()) {
                    err.println("    at " + frame);
                }
            }
        }
    }

    public static void main(String[] arguments) {
        int status = commandLine().execute(arguments);
        System.out.flush();
        if (System.out.checkError() && status == ExitCode.OK) {
            System.err.println("quoll: standard output could not be written.");
            status = ExitStatus.HOST_IO.code();
        }
        System.exit(status);
    }
}
