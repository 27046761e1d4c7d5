package dev.quoll.emulator.isa;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Compares, instruction by instruction, length and text of what GNU objdump shows of a program with our own.
final class TextComparison {

    /// Instructions of programs that the table leaves out, because no processor that a profile describes has them. Programs
    /// reach them only where CPUID offers them.
    private enum Absent {
        EVEX("62.*", ".*", "AVX-512"),
        OPMASK(".*", "k(add|and|mov|not|or|unpck|test|shift|xor|xnor|ortest).*", "AVX-512 mask registers"),
        XOP("8f.*", "v?p?(com|cmov|frcz|hadd|hsub|macs|madcs|perm|rot|sha|shl).*", "XOP"),
        FMA4("c4.*", "vfn?m(add|sub).*", "FMA4"),
        THREE_D_NOW(".*", "(pf|pi2f|pswapd|pavgusb|pmulhrw|femms).*", "3DNow!"),
        SSE4A(".*", "(extrq|insertq|movntss|movntsd).*", "SSE4a"),
        TRANSACTIONS(".*", "x(begin|abort|end|test).*", "transactional memory");

        private final Pattern bytes;
        private final Pattern text;
        final String shown;

        Absent(String bytes, String text, String shown) {
            this.bytes = Pattern.compile(bytes);
            this.text = Pattern.compile(text);
            this.shown = shown;
        }

        static Absent of(byte[] code, String text) {
            String hex = HexFormat.of().formatHex(code);
            return Arrays.stream(values())
                    .filter(absent -> absent.bytes.matcher(hex).matches() && absent.text.matcher(text).matches())
                    .findFirst()
                    .orElse(null);
        }
    }

    /// Kinds of difference, each with an example.
    final Map<String, String> differences = new TreeMap<>();
    /// Instructions left out, by instruction set.
    final Map<String, Integer> absent = new TreeMap<>();
    long instructions;
    long bytes;
    /// Bytes that are no instruction for either: tables amid the code.
    long data;

    private final Decoder decoder = new Decoder(CpuFeature.ALL);

    void add(Objdump.Line line) {
        // objdump cuts data between functions into lines of its own making; the bytes it shows are all there is.
        byte[] code = Objdump.window(line.bytes(), 0);
        String shown = HexFormat.ofDelimiter(" ").formatHex(line.bytes()) + ": " + line.text();
        switch (decoder.decode(code, 0, code.length, CodeSize.BITS64)) {
            case Instruction ours -> {
                if (line.bad()) {
                    difference("only ours " + ours.row().encoding(), shown);
                    return;
                }
                instructions++;
                bytes += line.bytes().length;
                String text = Objdump.canonical(Disassembler.text(ours, line.address()));
                if (ours.length() != line.bytes().length) {
                    difference("length " + ours.row().encoding(), shown + " / " + ours.length() + " " + text);
                } else if (!text.equals(branchTarget(ours, line.text()))) {
                    difference("text " + ours.row().encoding(), shown + " / " + text);
                }
            }
            case Decoded.InvalidOpcode _, Decoded.TooLong _, Decoded.Truncated _ -> {
                if (line.bad()) {
                    data += line.bytes().length;
                    return;
                }
                Absent set = Absent.of(line.bytes(), line.text());
                if (set == null) {
                    difference("only theirs " + line.text().split(" ")[0], shown);
                } else {
                    absent.merge(set.shown, 1, Integer::sum);
                }
            }
        }
    }

    private void difference(String kind, String example) {
        differences.putIfAbsent(kind, example);
    }

    private static String branchTarget(Instruction ours, String text) {
        boolean relative = ours.operandCount() == 1 && ours.operand(0) instanceof Operand.Relative;
        return relative ? text.replaceFirst(" ([0-9a-f]+)$", " 0x$1") : text;
    }
}
