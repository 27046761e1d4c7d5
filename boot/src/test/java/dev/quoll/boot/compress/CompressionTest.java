package dev.quoll.boot.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZOutputStream;

/**
 * Every decoder against what the format's own tool packs (gzip, xz and lzma need none; the others skip without theirs),
 * and against streams that were cut or damaged.
 */
class CompressionTest {
    private static final long SEED = Long.getLong("quoll.seed", 0x5eed);

    @ParameterizedTest
    @EnumSource
    void unpacksWhatTheToolPacked(Compression compression) throws Exception {
        for (byte[] plain : samples()) {
            for (byte[] packed : pack(compression, plain)) {
                assertThat(Compression.recognise(packed, 0, packed.length)).contains(compression);
                assertThat(compression.decode(packed, 0, packed.length, plain.length)).isEqualTo(plain);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesToUnpackMoreThanTheLimit(Compression compression) throws Exception {
        byte[] plain = new byte[1 << 20];
        for (byte[] packed : pack(compression, plain)) {
            assertThatThrownBy(() -> compression.decode(packed, 0, packed.length, plain.length - 1))
                    .isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyTruncationOfASmallStreamIsAnIoException(Compression compression) throws Exception {
        byte[] plain = text(new Random(SEED), 1500);
        byte[] packed = pack(compression, plain).getFirst();
        for (int length = 0; length < packed.length; length++) {
            int cut = length;
            try {
                byte[] result = compression.decode(packed, 0, cut, plain.length);
                // The legacy LZ4 frame ends where its input ends, and lzma's end may be the known size.
                assertThat(result.length).isLessThanOrEqualTo(plain.length);
                assertThat(compression == Compression.LZ4 || Arrays.equals(result, plain)).isTrue();
            } catch (IOException expected) {
                assertThat(expected).hasMessage(expected.getMessage());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void damageIsAnIoExceptionOrHarmless(Compression compression) throws Exception {
        Random random = new Random(SEED);
        byte[] plain = text(random, 10_000);
        byte[] packed = pack(compression, plain).getFirst();
        for (int round = 0; round < 400; round++) {
            byte[] damaged = packed.clone();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                // Half of the damage goes to the first bytes, where headers and tables lie.
                int at = random.nextBoolean() ? random.nextInt(Math.min(64, damaged.length)) : random.nextInt(damaged.length);
                damaged[at] = (byte) random.nextInt();
            }
            try {
                assertThat(compression.decode(damaged, 0, damaged.length, 1 << 20)).hasSizeLessThanOrEqualTo(1 << 20);
            } catch (IOException expected) {
                assertThat(expected).as("seed %x, round %d", SEED, round).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void xxHash64MatchesItsPublishedVectors() {
        assertThat(XxHash64.of(new byte[0], 0, 0)).isEqualTo(0xEF46DB3751D8E999L);
        byte[] sentence = "Nobody inspects the spammish repetition".getBytes();
        assertThat(XxHash64.of(sentence, 0, sentence.length)).isEqualTo(0xFBCEA83C8A378BF1L);
    }

    @Test
    void recognisesNothingInNoise() {
        assertThat(Compression.recognise(new byte[64], 0, 64)).isEmpty();
        assertThat(Compression.recognise(new byte[] {0x1f, (byte) 0x8b, 8}, 0, 3)).isEmpty();
    }

    private static List<byte[]> samples() {
        Random random = new Random(SEED);
        byte[] noise = new byte[150_000];
        random.nextBytes(noise);
        byte[] mixed = text(random, 900_000);
        System.arraycopy(noise, 0, mixed, 300_000, 150_000);
        Arrays.fill(mixed, 600_000, 800_000, (byte) 'q');
        return List.of(
                "q".getBytes(), text(random, 100), text(random, 70_000), noise, new byte[1_000_000], mixed, skewed(random));
    }

    /** Words from a small vocabulary: matches at many distances. */
    private static byte[] text(Random random, int length) {
        String[] words = new String[300];
        for (int i = 0; i < words.length; i++) {
            words[i] = Integer.toString(random.nextInt(1 << 30), 36).substring(0, 2 + random.nextInt(3)) + ' ';
        }
        StringBuilder text = new StringBuilder(length + 8);
        while (text.length() < length) {
            text.append(words[(int) Math.min(299, Math.abs(random.nextGaussian()) * 100)]);
        }
        return text.substring(0, length).getBytes();
    }

    /** Few matches and a steep distribution of byte values: all the work falls on the entropy coder. */
    private static byte[] skewed(Random random) {
        byte[] bytes = new byte[150_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.abs(random.nextGaussian() * 12);
        }
        return bytes;
    }

    private static List<byte[]> pack(Compression compression, byte[] plain) throws Exception {
        return switch (compression) {
            case GZIP -> List.of(through(GZIPOutputStream::new, plain));
            case XZ -> List.of(
                    through(out -> new XZOutputStream(out, new LZMA2Options(0)), plain),
                    through(out -> new XZOutputStream(out, new FilterOptions[] {new X86Options(), new LZMA2Options(4)}), plain));
            case LZMA -> List.of(
                    through(out -> new LZMAOutputStream(out, new LZMA2Options(0), plain.length), plain),
                    through(out -> new LZMAOutputStream(out, new LZMA2Options(4), -1), plain));
            case BZIP2 -> List.of(tool(plain, "bzip2", "-1"), tool(plain, "bzip2", "-9"));
            case LZ4 -> List.of(tool(plain, "lz4", "-l", "-9"), tool(plain, "lz4", "-l", "-1"));
            case LZO -> List.of(tool(plain, "lzop", "-1"), tool(plain, "lzop", "-9"));
            case ZSTD -> List.of(
                    tool(plain, "zstd", "-1"),
                    tool(plain, "zstd", "-19"),
                    tool(plain, "zstd", "-9", "--no-check"));
        };
    }

    @FunctionalInterface
    private interface Packer {
        OutputStream around(OutputStream out) throws IOException;
    }

    private static byte[] through(Packer packer, byte[] plain) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = packer.around(packed)) {
            out.write(plain);
        }
        return packed.toByteArray();
    }

    private static byte[] tool(byte[] plain, String... command) throws Exception {
        Path file = Files.createTempFile("quoll-pack-", ".bin");
        Path packed = Files.createTempFile("quoll-pack-", ".out");
        try {
            Files.write(file, plain);
            String[] full = Arrays.copyOf(command, command.length + 2);
            full[command.length] = "-c";
            full[command.length + 1] = file.toString();
            Process process = new ProcessBuilder(full)
                    .redirectOutput(packed.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            assertThat(process.waitFor()).isZero();
            return Files.readAllBytes(packed);
        } catch (IOException e) {
            assumeTrue(false, "the packing tool " + command[0] + " is not installed: " + e.getMessage());
            throw e;
        } finally {
            Files.delete(file);
            Files.deleteIfExists(packed);
        }
    }
}
