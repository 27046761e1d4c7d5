package dev.quoll.cli;

import dev.quoll.machine.Disassembler;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll disasm}: instruction bytes as text, through the decoder that the emulator runs on. */
@Command(name = "disasm", description = "Disassembles x86 code, in Intel syntax.")
final class DisasmCommand implements Callable<Integer> {
    /** Where the bytes come from. */
    private static final class Source {
        @Option(names = "--hex", paramLabel = "BYTES", description = "The bytes themselves, for example \"0f 05 c3\".")
        private String hex;

        @Parameters(paramLabel = "FILE", arity = "0..1", description = "A file of raw code, without headers.")
        private Path file;
    }

    @ArgGroup(multiplicity = "1")
    private Source source;

    @Option(names = "--bits", defaultValue = "64", description = "Code size: 16, 32 or 64 (default: ${DEFAULT-VALUE}).")
    private int bits;

    @Option(
            names = "--address",
            defaultValue = "0",
            description = "Address of the first byte, decimal or 0x (default: ${DEFAULT-VALUE}).")
    private String address;

    @Option(names = "--skip", defaultValue = "0", description = "Bytes to leave out at the start.")
    private String skip;

    @Option(names = "--length", description = "Bytes to disassemble (default: all).")
    private String length;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure {
        Disassembler.CodeBits size = switch (bits) {
            case 16 -> Disassembler.CodeBits.BITS_16;
            case 32 -> Disassembler.CodeBits.BITS_32;
            case 64 -> Disassembler.CodeBits.BITS_64;
            default -> throw new ParameterException(spec.commandLine(), "--bits is 16, 32 or 64, not %d.".formatted(bits));
        };
        long first = number("--address", address);
        byte[] code = code();
        long from = Math.clamp(number("--skip", skip), 0, code.length);
        long count = length == null ? code.length - from : Math.clamp(number("--length", length), 0, code.length - from);
        code = Arrays.copyOfRange(code, (int) from, (int) (from + count));
        Disassembler disassembler = ServiceLoader.load(Disassembler.class)
                .findFirst()
                .orElseThrow(() -> new CommandFailure(ExitStatus.NO_ENGINE, "no disassembler is installed."));
        PrintWriter out = spec.commandLine().getOut();
        HexFormat hex = HexFormat.ofDelimiter(" ");
        for (int at = 0; at < code.length; ) {
            Disassembler.Line line = disassembler.disassemble(code, at, first + at, size);
            int end = Math.min(at + line.length(), code.length);
            out.println("%8x:  %-32s %s".formatted(first + at, hex.formatHex(code, at, end), line.text()));
            at = end;
        }
        out.flush();
        return ExitStatus.OK.code();
    }

    private byte[] code() throws CommandFailure {
        if (source.hex != null) {
            try {
                return HexFormat.of().parseHex(source.hex.replaceAll("[\\s,]|0x", ""));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(
                        spec.commandLine(), "--hex takes pairs of hexadecimal digits: %s.".formatted(e.getMessage()), e);
            }
        }
        try {
            return Files.readAllBytes(source.file);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitStatus.NO_IMAGE, "there is no file %s.".formatted(source.file), e);
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitStatus.HOST_IO, "%s cannot be read: %s.".formatted(source.file, HostErrors.reason(e)), e);
        }
    }

    private long number(String option, String text) {
        try {
            return Long.decode(text);
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    spec.commandLine(), "%s takes a number, decimal or 0x, not '%s'.".formatted(option, text), e);
        }
    }
}
