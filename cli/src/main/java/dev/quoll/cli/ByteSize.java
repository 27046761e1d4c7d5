package dev.quoll.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** An amount of memory as users of other machine monitors write it: {@code 512} is MiB, {@code 512M}, {@code 2G}. */
record ByteSize(long bytes) {
    private static final Pattern SYNTAX = Pattern.compile("(\\d{1,12})([kmgt]?)(?:i?b)?");

    /** @throws IllegalArgumentException with a sentence that says how to write it */
    static ByteSize parse(String text) {
        Matcher matcher = SYNTAX.matcher(text.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            int shift = switch (matcher.group(2)) {
                case "k" -> 10;
                case "g" -> 30;
                case "t" -> 40;
                default -> 20;
            };
            long number = Long.parseLong(matcher.group(1));
            if (number <= Long.MAX_VALUE >> shift) {
                return new ByteSize(number << shift);
            }
        }
        throw new IllegalArgumentException(
                "'%s' is not an amount of memory: write a number of MiB, or one with K, M, G or T behind it".formatted(text));
    }

    /** In the largest unit that divides it. */
    @Override
    public String toString() {
        String units = "KMGT";
        int shift = Math.clamp(Long.numberOfTrailingZeros(bytes) / 10, 1, units.length());
        return bytes == 0 ? "0M" : (bytes >> 10 * shift) + units.substring(shift - 1, shift);
    }

    static final class Converter implements CommandLine.ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        }
    }
}
