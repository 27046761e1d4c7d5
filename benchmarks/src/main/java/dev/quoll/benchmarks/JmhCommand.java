package dev.quoll.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code quoll bench jmh}: hands everything behind it to JMH, which has a command line of its own and tells its errors. */
@Command(
        name = "jmh",
        description = "Runs the JMH benchmarks whose names match; without a name, all of them.",
        footer = {"", "All options of JMH work: -l lists the benchmarks, -f 3 takes more forks, -h tells the rest."})
final class JmhCommand implements Callable<Integer> {
    @Parameters(paramLabel = "REGEX|OPTION", description = "Parts of names as regular expressions, and options of JMH.")
    private List<String> arguments = List.of();

    @Override
    public Integer call() throws IOException {
        org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
        return 0;
    }
}
