package dev.quoll.emulator.lab;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The host's processor as an oracle that survives everything: a child process, compiled here from witness.c, that runs
 * batches of cases out of a shared file. Belongs to one thread.
 */
final class Witness implements AutoCloseable {
    private static final String SOURCE = "witness.c";
    private static final List<String> COMPILE =
            List.of("cc", "-O2", "-std=gnu11", "-no-pie", "-fno-pie", "-mno-red-zone", "-fno-stack-protector",
                    "-mgeneral-regs-only", "-mfsgsbase", "-fcf-protection=none", "-Wl,-z,now",
                    "-Wl,-Ttext-segment=%#x".formatted(CaseLayout.WITNESS));
    // A case takes microseconds, but the host may have better things to do than to run the witness.
    private static final int TIMEOUT_SECONDS = 300;

    private final Path folder;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment shared;
    private final Process process;

    private Witness(Path folder, Path binary, int worker, byte[] contents) throws IOException {
        this.folder = folder;
        Path file = folder.resolve("batch");
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            shared = channel.map(FileChannel.MapMode.READ_WRITE, 0, CaseLayout.BATCH_SIZE, arena);
        }
        MemorySegment.copy(contents, 0, shared, ValueLayout.JAVA_BYTE, CaseLayout.BATCH_PAGES, contents.length);
        process = new ProcessBuilder(binary.toString(), file.toString(), Integer.toString(worker))
                .redirectError(folder.resolve("log").toFile())
                .start();
    }

    /** Why there can be no witness here, or nothing when there can. */
    static Optional<String> obstacle() {
        if (!System.getProperty("os.arch").equals("amd64") || !System.getProperty("os.name").equals("Linux")) {
            return Optional.of("the host is not x86-64 Linux");
        }
        try {
            Process cc = new ProcessBuilder("cc", "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return cc.waitFor() == 0 ? Optional.empty() : Optional.of("the C compiler `cc` does not work");
        } catch (IOException e) {
            return Optional.of("there is no C compiler `cc` to build the witness with");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /**
     * Compiles and starts one.
     *
     * @param worker whose it is, from 0; witnesses of different workers run on different processors where there are enough
     * @param contents of both data areas, the low one first, read-only parts included
     */
    static Witness start(int worker, byte[] contents) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(Files.isWritable(Path.of("/dev/shm")) ? Path.of("/dev/shm") : tmp(), "witness");
        Path source = folder.resolve(SOURCE);
        try (InputStream text = Witness.class.getResourceAsStream(SOURCE)) {
            Files.copy(text, source);
        }
        Path binary = folder.resolve("witness");
        List<String> command = new ArrayList<>(COMPILE);
        command.addAll(CaseLayout.macros());
        command.addAll(List.of("-o", binary.toString(), source.toString()));
        Path log = folder.resolve("cc.log");
        Process cc = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (cc.waitFor() != 0) {
            throw new IOException("cc: " + Files.readString(log));
        }
        Witness witness = new Witness(folder, binary, worker, contents);
        witness.await();
        return witness;
    }

    private static Path tmp() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** The shared file, laid out as {@link CaseLayout} says. */
    MemorySegment batch() {
        return shared;
    }

    /** Runs the batch that is in the shared file. */
    void run() throws IOException {
        process.getOutputStream().write(0);
        process.getOutputStream().flush();
        await();
    }

    private void await() throws IOException {
        // A case that never ends would hold us up for good: the child is killed then, which ends the read.
        CompletableFuture<Void> answered = new CompletableFuture<>();
        answered.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).exceptionally(late -> {
            process.destroyForcibly();
            return null;
        });
        int answer = process.getInputStream().read();
        answered.complete(null);
        if (answer != 0) {
            throw new IOException("the witness did not answer: " + Files.readString(folder.resolve("log")));
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        arena.close();
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
