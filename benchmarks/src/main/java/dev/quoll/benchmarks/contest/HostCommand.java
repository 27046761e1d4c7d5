package dev.quoll.benchmarks.contest;

import dev.quoll.benchmarks.BenchmarkException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A short command of the host's. */
public final class HostCommand {
    private HostCommand() {}

    /** What it prints; an error when it fails. @param need the beginning of the sentence then */
    public static String output(List<String> command, String need) throws BenchmarkException, InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new BenchmarkException(
                        "%s; %s ended with %d: %s".formatted(need, command.getFirst(), status, text.strip()));
            }
            return text;
        } catch (IOException e) {
            throw new BenchmarkException("%s: %s.".formatted(need, e.getMessage()), e);
        }
    }
}
