package dev.quoll.emulator.isa;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;

/// A C program that judges strings of 15 bytes: it reads them one after another and writes an answer of fixed size for each.
final class StringJudge {
    /// The vector of #UD, first byte of an answer of the program that asks the host's processor.
    static final int INVALID_OPCODE = 6;

    private final Path program;

    private StringJudge(Path program) {
        this.program = program;
    }

    /// Compiles a source of this package's resources; empty where that does not work, as without a compiler or a library.
    static Optional<StringJudge> compile(Path folder, String source, String... options)
            throws IOException, InterruptedException {
        Path file = folder.resolve(source);
        try (InputStream in = StringJudge.class.getResourceAsStream(source)) {
            Files.copy(in, file);
        }
        Path program = folder.resolve(source.replace(".c", ""));
        List<String> command = new ArrayList<>(List.of("cc", "-O1", "-o", program.toString(), file.toString()));
        command.addAll(List.of(options));
        try {
            Process compiler = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return compiler.waitFor() == 0 ? Optional.of(new StringJudge(program)) : Optional.empty();
        } catch (IOException noCompiler) {
            return Optional.empty();
        }
    }

    /// The processor of this host; empty where it cannot be asked, or is of another vendor than the table follows.
    static Optional<StringJudge> processor(Path folder) throws IOException, InterruptedException {
        Path cpuInfo = Path.of("/proc/cpuinfo");
        String text = Files.isReadable(cpuInfo) ? Files.readString(cpuInfo) : "";
        boolean suits = text.contains("AuthenticAMD") && text.contains(" fsgsbase ") && !text.contains(" avx512f ");
        return suits ? compile(folder, "one-instruction.c", "-fno-stack-protector", "-mfsgsbase") : Optional.empty();
    }

    /// Returns the answers to some strings.
    byte[] answers(CodeSize mode, byte[][] strings) throws Exception {
        Process process = new ProcessBuilder(program.toString(), Integer.toString(mode.bytes() * 8)).start();
        FutureTask<Void> questions = new FutureTask<>(() -> {
            try (OutputStream out = process.getOutputStream()) {
                for (byte[] string : strings) {
                    out.write(string);
                }
            }
            return null;
        });
        Thread.ofPlatform().start(questions);
        byte[] answers = process.getInputStream().readAllBytes();
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(program.getFileName() + ": " + errors);
        }
        questions.get();
        return answers;
    }
}
