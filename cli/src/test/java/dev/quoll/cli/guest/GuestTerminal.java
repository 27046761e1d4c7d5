package dev.quoll.cli.guest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A machine monitor's process with a guest's serial console at its standard input and output, as a script would use it. */
final class GuestTerminal implements AutoCloseable {
    static final String PROMPT = "quoll:/root# ";

    private final Process process;
    private final StringBuilder console = new StringBuilder();
    private boolean ended;
    private int read;
    private int commands;

    /** Starts the monitor; its standard error goes to the test's. */
    GuestTerminal(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Thread.ofPlatform().daemon().name("guest-console").start(this::listen);
    }

    private void listen() {
        try (InputStream in = process.getInputStream()) {
            byte[] bytes = new byte[4096];
            for (int count; (count = in.read(bytes)) >= 0; ) {
                synchronized (this) {
                    console.append(new String(bytes, 0, count, StandardCharsets.ISO_8859_1).replace("\r", ""));
                    notifyAll();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the console's pipe broke", e);
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    /** Waits for a text behind what was waited for before, and returns what the guest printed until then. */
    synchronized String expect(String text, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            int at = console.indexOf(text, read);
            if (at >= 0) {
                String before = console.substring(read, at);
                read = at + text.length();
                return before;
            }
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (ended || left <= 0) {
                throw new AssertionError("%s before \"%s\" came; the console's end:%n%s"
                        .formatted(ended ? "the guest ended" : limit.toSeconds() + " s went by", text,
                                console.substring(Math.max(0, console.length() - 4000))));
            }
            wait(left);
        }
    }

    void type(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
        process.getOutputStream().flush();
    }

    /** Runs a shell command and returns what it prints; it must succeed. */
    String run(String command, Duration limit) throws IOException, InterruptedException {
        // The marks are quoted apart in what is typed, so that only the shell's output, not the echo, holds them whole.
        int number = ++commands;
        type("echo '<''%d<'; %s; echo \">\"\"%d>$?\"".formatted(number, command, number));
        expect("<" + number + "<\n", limit);
        String output = expect(">" + number + ">", limit);
        String status = expect("\n", limit);
        expect(PROMPT, limit);
        if (!status.equals("0")) {
            throw new AssertionError("'%s' ended with %s and printed:%n%s".formatted(command, status, output));
        }
        return output;
    }

    /** Everything that the guest has printed so far. */
    synchronized String text() {
        return console.toString();
    }

    /** CPU time of the monitor's process since its start. */
    Duration cpuTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Resident size of the monitor's process in bytes, guest memory included (proc(5), VmRSS). */
    long residentSize() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                << 10;
    }

    /** Sends SIGTERM to the monitor's process. */
    void terminate() {
        // Not Process.destroy, which closes the pipes as well.
        process.toHandle().destroy();
    }

    /** Waits for the process's end and returns its exit status. */
    int exitStatus(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("no end within %d s; the console's end:%n%s"
                    .formatted(limit.toSeconds(), text().substring(Math.max(0, text().length() - 2000))));
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        // SIGTERM would give the guest time to shut down, which nobody waits for here.
        process.destroyForcibly();
    }
}
