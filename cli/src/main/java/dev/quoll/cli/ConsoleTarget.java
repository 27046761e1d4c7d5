package dev.quoll.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine;

/** Where the guest's serial console goes. */
sealed interface ConsoleTarget {
    /** Standard input and output; a terminal goes raw. */
    record Stdio() implements ConsoleTarget {}

    /** Nowhere: output is dropped, and there is no input. */
    record None() implements ConsoleTarget {}

    /** Output to a file, written anew; there is no input. */
    record ToFile(Path path) implements ConsoleTarget {}

    static ConsoleTarget parse(String text) {
        if (text.equals("stdio")) {
            return new Stdio();
        }
        if (text.equals("none")) {
            return new None();
        }
        if (text.startsWith("file:") && text.length() > "file:".length()) {
            try {
                return new ToFile(Path.of(text.substring("file:".length())));
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("'%s' is not a path: %s".formatted(e.getInput(), e.getReason()), e);
            }
        }
        throw new IllegalArgumentException("'%s' is not a console: write stdio, none or file:PATH".formatted(text));
    }

    final class Converter implements CommandLine.ITypeConverter<ConsoleTarget> {
        @Override
        public ConsoleTarget convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        }
    }
}
