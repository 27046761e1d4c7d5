package dev.quoll.benchmarks.kvm;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.HostCommand;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** The same guests on a loop in C ({@code exits.c}), compiled on the spot. */
final class NativeLoop {
    private static final String SOURCE = "exits.c";

    private final Path program;

    private NativeLoop(Path program) {
        this.program = program;
    }

    /** Compiles it. @param compiler for example {@code cc} */
    static NativeLoop build(String compiler, Path folder) throws BenchmarkException, InterruptedException, IOException {
        Path source = folder.resolve(SOURCE);
        try (InputStream text = NativeLoop.class.getResourceAsStream(SOURCE)) {
            Files.write(source, text.readAllBytes());
        }
        Path program = folder.resolve("exits");
        HostCommand.output(
                List.of(compiler, "-O2", "-pthread", "-o", program.toString(), source.toString()),
                compiler + " is needed to build the loop in C (on Debian: apt-get install gcc libc6-dev)");
        return new NativeLoop(program);
    }

    private long[] run(String what, ExitGuest guest, int count) throws BenchmarkException, InterruptedException {
        boolean wired = guest == ExitGuest.IOEVENTFD || guest == ExitGuest.ROUND_TRIP;
        return HostCommand.output(
                        List.of(
                                program.toString(),
                                what,
                                wired ? "wired" : "bare",
                                Integer.toString(count),
                                HexFormat.of().formatHex(guest.code(count)),
                                HexFormat.of().formatHex(ExitGuest.bytes(ExitGuest.HANDLER_CODE))),
                        "the loop in C did not work")
                .lines()
                .mapToLong(Long::parseLong)
                .toArray();
    }

    ExitCost.Pace pace(ExitGuest guest, int count) throws BenchmarkException, InterruptedException {
        long[] nanos = run("pace", guest, count);
        return new ExitCost.Pace((double) nanos[0] / count, (double) nanos[1] / count);
    }

    ExitCost.Latency latency(ExitGuest guest, int count) throws BenchmarkException, InterruptedException {
        return ExitCost.Latency.of(run("latency", guest, count));
    }
}
