package dev.quoll.emulator.isa;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
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
        AMD_SYSTEM("(f[23])?0f01.*", "(monitorx|mwaitx|pvalidate|rmp.*|stgi|clgi|vmrun|vmload|vmsave|invlpga|skinit)",
                "MONITORX, SVM and SEV-SNP"),
        VMX(".*0f7[89].*", "vm(read|write) .*", "VMX"),
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

    /// A prefix that objdump shows alone, where it cannot be a part of what follows.
    private static final Pattern LONE_PREFIX = Pattern.compile("((lock|rep.*|data16|addr32|[c-g]s) ?)*(rex(\\.[WRXB]+)?)?");

    /// An instruction for one of the two only.
    private record Dispute(String kind, String example, byte[] code, Decoded ours) {
    }

    /// Kinds of difference, each with an example.
    final Map<String, String> differences = new TreeMap<>();
    /// Instructions left out, by instruction set.
    final Map<String, Integer> absent = new TreeMap<>();
    long instructions;
    long bytes;
    /// Bytes that are no instruction for either: tables amid the code.
    long data;

    /// Strings that only one of the two takes for an instruction, and the host's processor as we do.
    int settled;

    private final Decoder decoder = new Decoder(CpuFeature.ALL);
    private final List<Dispute> disputes = new ArrayList<>();

    void add(Objdump.Line line) {
        // To objdump FWAIT is a part of the x87 instruction that follows.
        if (line.bytes()[0] == (byte) 0x9b && line.bytes().length > 1) {
            byte[] rest = Arrays.copyOfRange(line.bytes(), 1, line.bytes().length);
            String text = line.text().replaceFirst("^f(stcw|stsw|stenv|save|init|clex|eni|disi|setpm)\\b", "fn$1");
            add(new Objdump.Line(line.address(), new byte[] {(byte) 0x9b}, "fwait"));
            add(new Objdump.Line(line.address() + 1, rest, text));
            return;
        }
        // objdump cuts data between functions into lines of its own making; the bytes it shows are all there is.
        byte[] code = Objdump.window(line.bytes(), 0);
        String shown = HexFormat.ofDelimiter(" ").formatHex(line.bytes()) + ": " + line.text();
        switch (decoder.decode(code, 0, code.length, CodeSize.BITS64)) {
            case Instruction ours -> {
                boolean cut = ours.length() > line.bytes().length || ours.mnemonic() == Mnemonic.FWAIT;
                if (cut && (line.bad() || LONE_PREFIX.matcher(line.text()).matches())) {
                    data += line.bytes().length;
                    return;
                }
                if (line.bad()) {
                    disputes.add(new Dispute("only ours " + ours.row().encoding(), shown, code, ours));
                    return;
                }
                if (line.text().startsWith("bnd")) {
                    absent.merge("MPX, which is NOP", 1, Integer::sum);
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
            case Decoded other -> {
                if (line.bad()) {
                    data += line.bytes().length;
                    return;
                }
                Absent set = Absent.of(line.bytes(), line.text());
                if (set == null) {
                    disputes.add(new Dispute("only theirs " + line.text().split(" ")[0], shown, code, other));
                } else {
                    absent.merge(set.shown, 1, Integer::sum);
                }
            }
        }
    }

    /// Has the processor decide whether the instructions that only one of the two knows exist.
    ///
    /// @param processor null where there is none to ask: then all of them are differences
    void settle(StringJudge processor) throws Exception {
        byte[][] strings = disputes.stream().map(Dispute::code).toArray(byte[][]::new);
        byte[] verdicts = processor == null ? new byte[0] : processor.answers(CodeSize.BITS64, strings);
        for (int i = 0; i < strings.length; i++) {
            Dispute dispute = disputes.get(i);
            boolean exists = verdicts.length == 0 || verdicts[2 * i] != StringJudge.INVALID_OPCODE;
            if (verdicts.length > 0 && exists == dispute.ours() instanceof Instruction) {
                settled++;
            } else {
                difference(dispute.kind(), dispute.example());
            }
        }
        disputes.clear();
    }

    private void difference(String kind, String example) {
        differences.putIfAbsent(kind, example);
    }

    private static String branchTarget(Instruction ours, String text) {
        if (ours.operandCount() != 1 || !(ours.operand(0) instanceof Operand.Relative)) {
            return text;
        }
        int space = text.lastIndexOf(' ') + 1;
        int digits = text.startsWith("0x", space) ? space + 2 : space;
        long target = Long.parseUnsignedLong(text, digits, text.length(), 16);
        // A 66 prefix makes RIP 16 bits long on AMD (APM vol. 3, JMP near); objdump only knows that of some branches.
        target &= ours.operandSize() == 2 ? 0xffff : -1;
        return text.substring(0, space) + "0x" + Long.toHexString(target);
    }
}
