package dev.quoll.emulator.isa;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// GNU objdump as an oracle for lengths and texts.
final class Objdump {

    /// One line of its output.
    ///
    /// @param bytes the bytes it attributes to the instruction
    /// @param text its text, without symbols and comments, see [#canonical]
    record Line(long address, byte[] bytes, String text) {
        boolean bad() {
            return text.contains("(bad)") || text.contains("?") || text.startsWith(".byte");
        }
    }

    private static final Pattern PREFIX = Pattern.compile(
            "data16|data32|addr16|addr32|cs|ds|es|ss|fs|gs|rex(\\.[WRXB]+)?|repz|repnz|bnd|xacquire|xrelease");
    private static final Pattern NEGATIVE_RIP = Pattern.compile("\\[([re]ip)\\+0x(f{8}[0-9a-f]{8}|[89a-f][0-9a-f]{7})]");
    private static final Pattern NO_INDEX = Pattern.compile("\\+?[re]iz\\*\\d");
    private static final Pattern NO_BASE = Pattern.compile("([c-gs]s:)?\\[([+-])0x([0-9a-f]+)]");
    private static final Pattern SPACES = Pattern.compile("\\s{2,}");
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private Objdump() {
    }

    static boolean available() {
        try {
            return new ProcessBuilder("objdump", "--version").redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// Feeds every instruction of the .text section of an ELF file to `sink`.
    static void text(Path file, Consumer<Line> sink) throws IOException {
        section(file, ".text", sink);
    }

    static void section(Path file, String name, Consumer<Line> sink) throws IOException {
        run(List.of("-d", "-w", "-M", "intel", "-j", name, file.toString()), _ -> true, sink);
    }

    /// Feeds the instructions of a file of bare code to `sink`.
    static void raw(Path file, CodeSize mode, Consumer<Line> sink) throws IOException {
        run(raw(file, mode), _ -> true, sink);
    }

    private static List<String> raw(Path file, CodeSize mode) {
        String machine = switch (mode) {
            case BITS16 -> "i8086";
            case BITS32 -> "i386";
            case BITS64 -> "i386:x86-64";
        };
        return List.of("-D", "-z", "-w", "-M", "intel", "-b", "binary", "-m", machine, file.toString());
    }

    /// Returns the length of each of some strings, 0 where objdump sees no instruction.
    ///
    /// @param file where the code may be written
    static byte[] lengths(Path file, CodeSize mode, byte[][] strings) throws IOException {
        // After a string come NOPs enough to fall into step again before the next one.
        int distance = 2 * Decoder.MAX_LENGTH + 2;
        byte[] code = new byte[strings.length * distance];
        Arrays.fill(code, (byte) 0x90);
        for (int i = 0; i < strings.length; i++) {
            System.arraycopy(strings[i], 0, code, i * distance, strings[i].length);
        }
        Files.write(file, code);
        byte[] lengths = new byte[strings.length];
        run(raw(file, mode), address -> address % distance == 0, line ->
                lengths[(int) line.address() / distance] = (byte) (line.bad() ? 0 : line.bytes().length));
        return lengths;
    }

    private static void run(List<String> arguments, LongPredicate wanted, Consumer<Line> sink) throws IOException {
        List<String> command = new ArrayList<>(List.of("objdump"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                int colon = line.indexOf(":\t");
                if (colon < 0) {
                    continue;
                }
                long address = Long.parseUnsignedLong(line.substring(0, colon).strip(), 16);
                if (wanted.test(address)) {
                    String[] columns = line.split("\t");
                    byte[] bytes = HEX.parseHex(columns[1].strip());
                    sink.accept(new Line(address, bytes, columns.length > 2 ? canonical(columns[2]) : ".byte"));
                }
            }
        }
    }

    /// Brings texts of both disassemblers to one form. Removed is what either leaves out by choice: symbols, comments, prefixes
    /// without effect, a displacement of 0 and an absent index. A negative RIP displacement gets a minus; an address without base
    /// and index is written as a number, with a segment.
    static String canonical(String text) {
        String result = text;
        for (char start : new char[] {'#', '<'}) {
            int at = result.indexOf(start);
            if (at >= 0) {
                result = result.substring(0, at);
            }
        }
        result = result.strip();
        if (result.indexOf("  ") >= 0) {
            result = SPACES.matcher(result).replaceAll(" ");
        }
        result = withoutPrefixes(result);
        int bracket = result.indexOf('[');
        return bracket < 0 ? result.replace(" only)", ")").replaceFirst("\\(\\d+\\)$", "") : canonicalAddress(result, bracket);
    }

    private static String canonicalAddress(String text, int bracket) {
        String result = text.contains("0x0]") ? text.replaceFirst("[+-]0x0]", "]") : text;
        if (result.contains("iz*")) {
            result = NO_INDEX.matcher(result).replaceAll("");
        }
        char first = result.charAt(bracket + 1);
        if (first == '+' || first == '-') {
            Matcher matcher = NO_BASE.matcher(result);
            if (matcher.find()) {
                long value = Long.parseUnsignedLong(matcher.group(3), 16);
                String segment = matcher.group(1) == null ? "ds:" : matcher.group(1);
                String address = segment + "0x" + Long.toHexString(first == '-' ? -value : value);
                return result.substring(0, matcher.start()) + address + result.substring(matcher.end());
            }
        }
        if (result.startsWith("ip", bracket + 2)) {
            Matcher negative = NEGATIVE_RIP.matcher(result);
            if (negative.find()) {
                String digits = negative.group(2);
                long value = digits.length() == 16 ? Long.parseUnsignedLong(digits, 16) : (int) Long.parseLong(digits, 16);
                String fixed = "[" + negative.group(1) + "-0x" + Long.toHexString(-value) + "]";
                result = result.substring(0, negative.start()) + fixed + result.substring(negative.end());
            }
        }
        return result;
    }

    private static String withoutPrefixes(String text) {
        int start = text.startsWith("lock ") ? 5 : text.startsWith("rep ") ? 4 : 0;
        int at = start;
        while (true) {
            int space = text.indexOf(' ', at);
            if (space < 0 || !PREFIX.matcher(text).region(at, space).matches()) {
                return at == start ? text : text.substring(0, start) + text.substring(at);
            }
            at = space + 1;
        }
    }

    /// Returns 15 bytes of `code` from `offset`, with zeros after its end.
    static byte[] window(byte[] code, int offset) {
        return Arrays.copyOfRange(code, offset, offset + Decoder.MAX_LENGTH);
    }
}
