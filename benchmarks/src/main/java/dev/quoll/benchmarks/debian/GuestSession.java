package dev.quoll.benchmarks.debian;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Contestant;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A monitor's process with somebody at the guest's serial console. */
final class GuestSession implements AutoCloseable {
    private static final int TAIL = 1500;
    private static final String PROMPT = "bench-ready# ";

    private final Contestant contestant;
    private final Process process;
    private final StringBuilder text = new StringBuilder();
    private int read;
    private boolean ended;
    private int commands;

    GuestSession(Contestant contestant) throws BenchmarkException {
        this.contestant = contestant;
        try {
            process = new ProcessBuilder(contestant.command()).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new BenchmarkException("%s does not start: %s.".formatted(contestant.name(), e.getMessage()), e);
        }
        Thread.ofPlatform().daemon().name("bench-console").start(this::listen);
    }

    private void listen() {
        byte[] bytes = new byte[4096];
        try (InputStream in = process.getInputStream()) {
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                synchronized (this) {
                    text.append(new String(bytes, 0, count, StandardCharsets.ISO_8859_1));
                    notifyAll();
                }
            }
        } catch (IOException e) {
            synchronized (this) {
                text.append("\n(its output broke off: ").append(e.getMessage()).append(')');
            }
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    /** Waits for a text behind what was waited for before, and returns what came until then. */
    synchronized String expect(String wanted, Duration limit) throws BenchmarkException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        for (int at = text.indexOf(wanted, read); ; at = text.indexOf(wanted, read)) {
            if (at >= 0) {
                String before = text.substring(read, at);
                read = at + wanted.length();
                return before;
            }
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (ended || left <= 0) {
                throw new BenchmarkException("%s %s without \"%s\"; its last output was:%n%s".formatted(contestant.name(),
                        ended ? "ended" : "went on for %d s".formatted(limit.toSeconds()), wanted,
                        text.substring(Math.max(0, text.length() - TAIL)).strip()));
            }
            wait(left);
        }
    }

    void type(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
        process.getOutputStream().flush();
    }

    /** From the login's prompt to a shell of root's. */
    void logIn(String user, String password, Duration limit) throws BenchmarkException, IOException, InterruptedException {
        type(user);
        expect("Password: ", limit);
        type(password);
        expect("$ ", limit);
        type("exec sudo env PS1='bench''-ready# ' TERM=dumb bash --norc --noprofile");
        expect(PROMPT, limit);
    }

    /** Runs one line and returns what it prints. */
    String run(String line, Duration limit) throws BenchmarkException, IOException, InterruptedException {
        int number = ++commands;
        // Quoted apart, so that the echo of what is typed has no mark in it.
        type("echo 'mark''%d<'; %s; echo '>mark''%d'".formatted(number, line, number));
        expect("mark%d<".formatted(number), limit);
        String output = expect(">mark" + number, limit);
        expect(PROMPT, limit);
        return output;
    }

    Duration cpuTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Waits for the monitor's end. */
    void awaitEnd(Duration limit) throws BenchmarkException, InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new BenchmarkException("%s did not end within %d s.".formatted(contestant.name(), limit.toSeconds()));
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
