package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.emulator.ProofCounts;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which strings of bytes are instructions, and how many bytes the processor fetches of each, those included that are none:
/// the processor of this host, libcapstone and GNU objdump beside the decoder. Where they disagree the processor is right.
class ByteStringTest {
    private static final int DIED = 254;

    /// Where the host's processor differs from the one that the table describes, each with the reason.
    private enum Peculiarity {
        SSE4A("(66 |F2 )*(F2 |66 )(REX )?0F 7[89] .*|(66 )?F[23] (REX )?0F 2B .*", "SSE4a: the host has it, no profile offers it"),
        HOST_ONLY("(66 |F[23] )*(REX )?0F 01 /[037] reg",
                "0F 01 C0-FF: SVM, MONITORX, MWAITX, CLZERO, TLBSYNC of the host's, VMCALL taken by its hypervisor"),
        CR8("LOCK (66 |F[23] )*(REX )?0F 2[02] .*", "LOCK before a move of CR0 means CR8 where CPUID has AltMovCr8; no profile does"),
        VERW("LOCK (66 |F[23] )*(REX )?0F 00 /5 mem", "LOCK VERW of memory: the host overlooks LOCK, which the manuals forbid"),
        WITHOUT_PRIVILEGE("(66 |F[23] )*(REX )?0F 01 /1 reg", "CLAC and STAC above CPL 0: #UD, by the executor"),
        LONG_MODE("(66 |F[23] )*(REX )?0F 34 .*", "SYSENTER in long mode: #UD, by the executor"),
        SMM("(66 |F[23] )*(REX )?0F AA .*", "RSM outside of system management mode: #UD, by the executor"),
        UNDEFINED("(LOCK )?(66 |F[23] )*(REX )?0F (0B|B9|FF) .*", "UD0, UD1 and UD2 are instructions to the decoder; the host fetches no ModRM of UD0 and UD1");

        private final Pattern shape;
        final String reason;

        Peculiarity(String shape, String reason) {
            this.shape = Pattern.compile(shape);
            this.reason = reason;
        }

        static Peculiarity of(String shape) {
            return Arrays.stream(values()).filter(p -> p.shape.matcher(shape).matches()).findFirst().orElse(null);
        }
    }

    @TempDir
    static Path directory;

    private static StringJudge processor;
    private static StringJudge capstone;
    private static Decoder decoder;

    @BeforeAll
    static void judges() throws IOException, InterruptedException {
        processor = StringJudge.processor(directory).orElse(null);
        assumeTrue(processor != null, "no processor of AMD's, or no C compiler to ask it with");
        decoder = new Decoder(hostFeatures());
        capstone = StringJudge.compile(directory, "capstone-lengths.c", "-lcapstone").orElse(null);
    }

    private static long hostFeatures() throws IOException {
        Set<String> flags = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("flags"))
                .limit(1)
                .flatMap(line -> Arrays.stream(line.split("\\s+")))
                .collect(Collectors.toSet());
        Map<CpuFeature, String> otherNames = Map.of(
                CpuFeature.CLFSH, "clflush", CpuFeature.SSE3, "pni", CpuFeature.LAHF64, "lahf_lm", CpuFeature.LZCNT, "abm",
                CpuFeature.PREFETCHW, "3dnowprefetch", CpuFeature.LONG_MODE, "lm", CpuFeature.SHA, "sha_ni");
        long features = 0;
        for (CpuFeature feature : CpuFeature.values()) {
            if (flags.contains(otherNames.getOrDefault(feature, feature.name().toLowerCase(Locale.ROOT)))) {
                features |= feature.mask();
            }
        }
        return features;
    }

    @ParameterizedTest
    @EnumSource(CodeSize.class)
    void randomStrings(CodeSize mode) throws Exception {
        compareRandom(mode, 35_000);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(CodeSize.class)
    void manyRandomStrings(CodeSize mode) throws Exception {
        compareRandom(mode, 400_000);
    }

    private static void compareRandom(CodeSize mode, int count) throws Exception {
        long seed = new Random().nextLong();
        byte[][] strings = new ByteStrings(mode, new Random(seed)).random(count);
        Agreement agreement = new Agreement(mode, Objdump.available());
        agreement.compare(strings);
        agreement.report("random strings, seed " + seed);
        assertThat(agreement.differences).as("seed %d", seed).isEmpty();
        assertThat(agreement.instructions).as("instructions, seed %d", seed).isGreaterThan(count / 5);
        assertThat(agreement.refused).as("refused strings, seed %d", seed).isGreaterThan(count / 5);
    }

    /// All opcodes with all ModRM bytes.
    @Tag("long")
    @ParameterizedTest
    @EnumSource(CodeSize.class)
    void everyOpcode(CodeSize mode) throws Exception {
        long seed = new Random().nextLong();
        // Its texts would be gigabytes.
        Agreement agreement = new Agreement(mode, false);
        ByteStrings all = new ByteStrings(mode, new Random(seed));
        for (int opcode = 0; opcode < 256; opcode++) {
            agreement.compare(all.of(opcode));
        }
        agreement.report("every opcode, seed " + seed);
        assertThat(agreement.differences).as("seed %d", seed).isEmpty();
        assertThat(agreement.strings).isGreaterThan(2_000_000);
    }

    /// Counts, and an example of each kind of difference.
    private static final class Agreement {
        final Map<String, String> differences = new TreeMap<>();
        int strings;
        int instructions;
        int refused;
        private final CodeSize mode;
        private final boolean withObjdump;
        private final Map<String, Integer> peculiar = new TreeMap<>();
        private final Judged capstones = new Judged("libcapstone");
        private final Judged objdumps = new Judged("objdump");

        Agreement(CodeSize mode, boolean withObjdump) {
            this.mode = mode;
            this.withObjdump = withObjdump;
        }

        void compare(byte[][] code) throws Exception {
            byte[] verdicts = processor.answers(mode, code);
            assertThat(verdicts).hasSize(2 * code.length);
            byte[] lengths = capstone == null ? null : capstone.answers(mode, code);
            byte[] objdump = withObjdump ? Objdump.lengths(directory.resolve("strings"), mode, code) : null;
            for (int i = 0; i < code.length; i++) {
                Decoded ours = decoder.decode(code[i], 0, code[i].length, mode);
                String shape = EncodingShape.of(code[i], mode);
                compare(code[i], shape, ours, verdicts[2 * i] & 0xff, verdicts[2 * i + 1]);
                int length = ours instanceof Instruction instruction ? instruction.length() : 0;
                if (lengths != null) {
                    capstones.add(shape, length, lengths[i]);
                }
                if (objdump != null) {
                    objdumps.add(shape, length, objdump[i]);
                }
            }
            strings += code.length;
        }

        private void compare(byte[] code, String shape, Decoded ours, int vector, int fetched) {
            boolean undefined = vector == StringJudge.INVALID_OPCODE;
            boolean agrees = switch (ours) {
                case Instruction instruction -> !undefined && instruction.length() == fetched;
                case Decoded.InvalidOpcode invalid -> undefined && invalid.length() == fetched;
                case Decoded.TooLong _ -> !undefined && fetched == Decoder.MAX_LENGTH;
                case Decoded.Truncated _ -> false;
            };
            if (agrees && vector != DIED) {
                instructions += undefined ? 0 : 1;
                refused += undefined ? 1 : 0;
                return;
            }
            Peculiarity known = Peculiarity.of(shape);
            if (known != null && vector != DIED) {
                peculiar.merge(known.reason, 1, Integer::sum);
                return;
            }
            differences.putIfAbsent(shape, "%s: vector %d after %d bytes, ours %s".formatted(
                    HexFormat.ofDelimiter(" ").formatHex(code), vector, fetched, ours));
        }

        void report(String title) throws IOException {
            StringBuilder text = new StringBuilder();
            text.append("%s, %s: %,d strings, %,d instructions and %,d refused in full agreement with the processor%n".formatted(
                    mode, title, strings, instructions, refused));
            peculiar.forEach((reason, count) -> text.append("    %,9d  %s%n".formatted(count, reason)));
            capstones.append(text);
            objdumps.append(text);
            Witnesses.append("strings-" + mode, text.toString());
            ProofCounts.add("byte strings, %s, %s".formatted(mode, title), strings, ByteStringTest.class);
            ProofCounts.add("differences in length or validity there", differences.size(), ByteStringTest.class);
        }
    }

    /// A disassembler beside the decoder.
    private static final class Judged {
        private final String name;
        private final Map<String, Integer> differences = new TreeMap<>();
        private int compared;

        Judged(String name) {
            this.name = name;
        }

        void add(String shape, int ours, int theirs) {
            compared++;
            if (ours != theirs) {
                String kind = ours == 0 ? "accepts" : theirs == 0 ? "refuses" : "another length";
                differences.merge(kind + ": " + DisassemblerHabit.of(shape), 1, Integer::sum);
            }
        }

        void append(StringBuilder text) {
            if (compared > 0) {
                int different = differences.values().stream().mapToInt(Integer::intValue).sum();
                text.append("  %s: %,d strings, %,d alike, else%n".formatted(name, compared, compared - different));
                differences.forEach((kind, count) -> text.append("    %,9d  %s%n".formatted(count, kind)));
            }
        }
    }
}
