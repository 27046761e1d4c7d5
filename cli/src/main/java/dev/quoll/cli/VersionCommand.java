package dev.quoll.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code quoll version}. */
@Command(name = "version", description = "Says which Quoll and which Java this is.")
final class VersionCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (String line : new VersionSource().getVersion()) {
            out.println(line);
        }
        return ExitStatus.OK.code();
    }
}
