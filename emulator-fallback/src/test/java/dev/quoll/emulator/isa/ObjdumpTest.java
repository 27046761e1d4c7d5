package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Compares decoder and disassembler with GNU objdump on random code; [ProgramTextTest] does so on programs.
class ObjdumpTest {

    private static final Set<String> MNEMONICS = Arrays.stream(Mnemonic.values())
            .map(mnemonic -> mnemonic.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());

    private static final Pattern LONE_PREFIX = Pattern.compile("((lock|rep.?.?|data16|addr32|[c-g]s) )*(rex(\\.[WRXB]+)?|data16)( .*)?");

    /// Encodings that processors accept and objdump does not: aliases of x87 register forms, SALC, NOPs that once were MPX,
    /// WBINVD and bit scans with a prefix they ignore, and fences with any ModRM.rm.
    private static final Set<String> EXTRA = Set.of(
            "D9 /3 reg", "DC /2 reg", "DC /3 reg", "DD /1 reg", "DE /2 reg", "DF /1 reg", "DF /2 reg", "DF /3 reg", "D6 m32",
            "0F 1A", "0F 1B", "0F 09", "0F BC", "0F BD", "NP 0F AE /5 reg", "NP 0F AE /6 reg", "NP 0F AE /7 reg", "9B",
            // The processor takes any prefix with these.
            "0F 01 =D9", "0F 01 =F8 m64", "0F 01 =F9", "0F 01 =FC",
            // The manuals give W as 1 here; AMD's processors take 0 as well (ByteStringTest, LabTest).
            "VEX L1 66 0F 3A 00", "VEX L1 66 0F 3A 01");

    @TempDir
    static Path directory;

    @BeforeAll
    static void needsObjdump() {
        assumeTrue(Objdump.available(), "GNU objdump is not installed");
    }

    @ParameterizedTest
    @EnumSource(CodeSize.class)
    void randomCode(CodeSize mode) throws IOException {
        long seed = Long.getLong("quoll.seed", new Random().nextLong());
        byte[] code = randomCode(mode, new Random(seed), 30_000);
        Path file = Files.write(directory.resolve("random" + mode), code);
        Tally tally = new Tally(mode);
        Objdump.raw(file, mode, line -> tally.add(line, Objdump.window(code, (int) line.address())));
        assertThat(tally.compared).as("seed %d", seed).isGreaterThan(50_000);
        assertThat(tally.differences).as("seed %d", seed).isEmpty();
    }

    /// Code with all maps and prefixes about equally often.
    private static byte[] randomCode(CodeSize mode, Random random, int count) {
        int[] prefixes = {0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x64, 0x65};
        int fixed = mode == CodeSize.BITS64 ? 0 : 0xc0;
        byte[] code = new byte[count * 24];
        int at = 0;
        for (int i = 0; i < count; i++) {
            boolean vex = random.nextInt(4) == 0;
            if (!vex && random.nextInt(3) == 0) {
                code[at++] = (byte) prefixes[random.nextInt(prefixes.length)];
            }
            if (!vex && mode == CodeSize.BITS64 && random.nextInt(3) == 0) {
                code[at++] = (byte) (0x40 + random.nextInt(16));
            }
            if (vex && random.nextBoolean()) {
                code[at++] = (byte) 0xc5;
                code[at++] = (byte) (random.nextInt(256) | fixed);
            } else if (vex) {
                code[at++] = (byte) 0xc4;
                code[at++] = (byte) (random.nextInt(8) << 5 | 1 + random.nextInt(3) | fixed);
                code[at++] = (byte) random.nextInt(256);
            } else {
                int map = random.nextInt(4);
                if (map > 0) {
                    code[at++] = 0x0f;
                }
                if (map > 1) {
                    code[at++] = (byte) (map == 2 ? 0x38 : 0x3a);
                }
            }
            for (int j = 0; j < 6; j++) {
                code[at++] = (byte) random.nextInt(256);
            }
            // Something harmless, so that both decoders fall into step again.
            for (int j = 0; j < 8; j++) {
                code[at++] = (byte) 0x90;
            }
        }
        return Arrays.copyOf(code, at);
    }

    /// Compares lines and collects one example of each kind of difference.
    private static final class Tally {
        final Map<String, String> differences = new TreeMap<>();
        long compared;
        private final Decoder decoder = new Decoder(CpuFeature.ALL);
        private final CodeSize mode;

        Tally(CodeSize mode) {
            this.mode = mode;
        }

        void add(Objdump.Line line, byte[] code) {
            String name = line.text().split(" ")[0];
            String shown = HexFormat.ofDelimiter(" ").formatHex(code) + ": " + line.text();
            switch (decoder.decode(code, 0, code.length, mode)) {
                case Instruction ours -> {
                    if (line.bad()) {
                        if (!EXTRA.contains(ours.row().encoding()) && !isData(line, code)) {
                            differences.putIfAbsent("only ours " + ours.row().encoding(), shown);
                        }
                        return;
                    }
                    // Split differently: a REX prefix that a prefix follows, and FWAIT as a part of the next instruction.
                    if (LONE_PREFIX.matcher(line.text()).matches() || ours.mnemonic() == Mnemonic.FWAIT) {
                        return;
                    }
                    compared++;
                    if (ours.length() != line.bytes().length) {
                        differences.putIfAbsent("length " + ours.row().encoding(), shown);
                    } else {
                        // Names differ in many odd encodings; addresses do not.
                        String address = address(Objdump.canonical(Disassembler.text(ours, 0)));
                        // MPX addresses are never 32-bit in 64-bit code, those of the NOP it became may be.
                        if (!address.equals(address(line.text())) && !name.startsWith("bnd")) {
                            differences.putIfAbsent("address " + ours.row().encoding(), shown + " / " + address);
                        }
                    }
                }
                case Decoded.InvalidOpcode _ -> {
                    boolean refused = line.bad()
                            || isAbsent(name)
                            || line.bytes()[0] == 0x62
                            || line.text().contains("lock")
                            || LONE_PREFIX.matcher(line.text()).matches()
                            || isLenient(line);
                    if (!refused) {
                        differences.putIfAbsent("only theirs " + name, shown);
                    }
                }
                case Decoded.Truncated _, Decoded.TooLong _ -> differences.putIfAbsent("no end", shown);
            }
        }

        /// Random code meets every instruction set of the installed objdump; there, the table answers for its own mnemonics.
        private boolean isAbsent(String name) {
            return !MNEMONICS.contains(name);
        }

        private static String address(String text) {
            int start = text.indexOf('[');
            // With neither base nor index objdump shows brackets only for an index register of its own invention.
            boolean absolute = start < 0 || text.startsWith("[+", start) || text.startsWith("[-", start);
            return absolute ? "" : text.substring(start, text.indexOf(']', start));
        }

        /// Bytes of tables within .text, of which objdump shows only the first.
        private static boolean isData(Objdump.Line line, byte[] code) {
            return line.bytes().length < code.length && code[line.bytes().length] == 0;
        }

        /// objdump decodes what processors refuse: VEX after 66, F2, F3 or REX, unused VEX.vvvv, moves to CS and to control
        /// registers that do not exist, prefixes where the manual says NP, 64-bit instructions in other code.
        private boolean isLenient(Objdump.Line line) {
            String text = line.text();
            return text.startsWith("v")
                    || text.startsWith("nop")
                    || text.startsWith("bextr")
                    || text.startsWith("mov cs,")
                    || text.matches("mov (.*,)?[cdt]r\\d+(,.*)?")
                    || text.matches("(seam.*|tdcall|monitor|mwait|clac|stac|xgetbv|xsetbv|rdtscp|serialize|rdpkru|wrpkru|(rd|wr)[fg]sbase|pmovmskb|maskmov.*|movnt.*|[lms]fence|pextrw|pinsrw|swapgs|fx.*|xs.*|xr.*|ldmxcsr|stmxcsr|movmskp.|pshuf.|ucomis.|comis.).*");
        }
    }
}
