package dev.quoll.cli.guest;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Commands of Debian's programs that make the same bytes from the same input on every processor, and their input. */
final class PackagedCommands {
    static final List<String> PACKAGES = List.of(
            "openssl", "libssl3", "gzip", "bzip2", "libbz2-1.0", "xz-utils", "liblzma5", "zstd", "libzstd1", "zlib1g", "liblz4-1", "libgcc-s1",
            "libstdc++6", "libjpeg-turbo-progs", "libjpeg62-turbo", "flac", "libflac12", "libogg0", "webp", "libwebp7",
            "libwebpdemux2", "libwebpmux3", "libpng16-16", "libtiff6", "libgif7", "libdeflate0", "libjbig0",
            "liblerc4", "libturbojpeg0", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libexpat1",
            "python3-numpy", "libblas3", "liblapack3", "libgfortran5", "libquadmath0", "libffi8", "libcrypt1", "libc6",
            "vpx-tools", "libvpx7", "x265", "libx265-199", "libnuma1");

    private static final String KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    private static final List<String> DIGESTS = List.of(
            "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256", "shake128", "blake2b512", "blake2s256", "sm3", "ripemd160");
    private static final List<String> CIPHERS = List.of(
            "aes-128-cbc", "aes-256-ctr", "aes-192-ofb", "aes-256-cfb", "aes-128-ecb", "chacha20", "camellia-256-cbc", "aria-128-ctr",
            "des-ede3-cbc", "sm4-cbc");

    /**
     * One command.
     *
     * @param program its path in the file system's root
     * @param arguments separated by blanks; file names are relative to the folder with the input
     * @param output the file it writes, or an empty string if only its standard output counts
     */
    record Command(String program, String arguments, String output) {
        @Override
        public String toString() {
            return program.substring(program.lastIndexOf('/') + 1) + " " + arguments;
        }
    }

    private PackagedCommands() {}

    static List<Command> all() {
        List<Command> list = new ArrayList<>();
        for (String digest : DIGESTS) {
            list.add(openssl("dgst -" + digest + " input", ""));
        }
        for (String cipher : CIPHERS) {
            list.add(openssl("enc -" + cipher + " -K " + KEY.substring(0, keyDigits(cipher)) + (cipher.endsWith("ecb") ? "" : " -iv " + KEY.substring(0, ivDigits(cipher)))
                    + " -in input -out encrypted", "encrypted"));
        }
        list.add(openssl("dgst -sha256 -sign rsa.pem -out signed input", "signed"));
        list.add(openssl("pkeyutl -sign -rawin -inkey ed25519.pem -in small -out signed", "signed"));
        list.add(openssl("pkeyutl -derive -inkey p256.pem -peerkey p256-public.pem -out derived", "derived"));
        list.add(openssl("pkeyutl -derive -inkey x25519.pem -peerkey x25519-public.pem -out derived", "derived"));
        list.add(openssl("dgst -sha256 -verify p256-public.pem -signature p256-signature input", ""));
        list.add(openssl("prime -hex 7fffffffffffffffffffffffffffffff", ""));
        list.add(new Command("bin/gzip", "-9 -n -k -f input", "input.gz"));
        list.add(new Command("bin/gzip", "-1 -n -k -f input", "input.gz"));
        list.add(new Command("bin/bzip2", "-9 -k -f input", "input.bz2"));
        list.add(new Command("bin/bzip2", "-t input.bz2", ""));
        list.add(new Command("usr/bin/xz", "-6 -T1 -k -f input", "input.xz"));
        list.add(new Command("usr/bin/xz", "-t input.xz", ""));
        list.add(new Command("usr/bin/zstd", "-19 -q -f -T1 input -o input.zst", "input.zst"));
        list.add(new Command("usr/bin/zstd", "-3 -q -f --single-thread input -o input.zst", "input.zst"));
        list.add(new Command("usr/bin/zstd", "-d -q -f input.zst -o again", "again"));
        list.add(new Command("usr/bin/cjpeg", "-quality 80 -outfile image.jpg image.ppm", "image.jpg"));
        list.add(new Command("usr/bin/cjpeg", "-progressive -dct float -outfile float.jpg image.ppm", "float.jpg"));
        list.add(new Command("usr/bin/djpeg", "-outfile again.ppm image.jpg", "again.ppm"));
        list.add(new Command("usr/bin/cwebp", "-quiet -q 70 image.ppm -o image.webp", "image.webp"));
        list.add(new Command("usr/bin/cwebp", "-quiet -lossless image.ppm -o lossless.webp", "lossless.webp"));
        list.add(new Command("usr/bin/dwebp", "-quiet image.webp -ppm -o webp.ppm", "webp.ppm"));
        list.add(new Command("usr/bin/flac", "-s -f -8 sound.wav -o sound.flac", "sound.flac"));
        list.add(new Command("usr/bin/flac", "-s -f -d sound.flac -o again.wav", "again.wav"));
        // Each codec has its own routines for every level of vectors and asks CPUID which to take; all give the same bits.
        list.add(new Command("usr/bin/vpxenc", "-q --codec=vp9 --ivf --limit=4 --cpu-used=4 --threads=1 -o video.vp9 video.y4m", "video.vp9"));
        list.add(new Command("usr/bin/vpxdec", "--i420 --md5 video.vp9", ""));
        list.add(new Command("usr/bin/vpxenc", "-q --codec=vp8 --ivf --limit=8 --cpu-used=4 --threads=1 -o video.vp8 video.y4m", "video.vp8"));
        list.add(new Command("usr/bin/vpxdec", "--i420 --md5 video.vp8", ""));
        list.add(new Command(
                "usr/bin/x265", "--log-level none --no-progress --no-info --frame-threads 1 --no-wpp --pools none --preset fast --frames 4 -o video.hevc video.y4m",
                "video.hevc"));
        list.add(new Command("usr/bin/python3.11", "arrays.py", ""));
        return list;
    }

    private static Command openssl(String arguments, String output) {
        return new Command("usr/bin/openssl", arguments, output);
    }

    private static int keyDigits(String cipher) {
        return cipher.contains("128") || cipher.startsWith("sm4") ? 32 : cipher.contains("192") || cipher.startsWith("des") ? 48 : 64;
    }

    private static int ivDigits(String cipher) {
        return cipher.startsWith("des") ? 16 : 32;
    }

    /** Writes the input files: text and noise, an image, a sound, a film. */
    static void writeInput(Path folder) throws IOException {
        Random random = new Random(20261123);
        StringBuilder text = new StringBuilder();
        while (text.length() < 120_000) {
            text.append("quoll ").append(random.nextInt(1000)).append(random.nextBoolean() ? " eats " : " sleeps\n");
        }
        byte[] noise = new byte[30_000];
        random.nextBytes(noise);
        ByteArrayOutputStream input = new ByteArrayOutputStream();
        input.write(text.toString().getBytes(StandardCharsets.US_ASCII));
        input.write(noise);
        Files.write(folder.resolve("input"), input.toByteArray());
        Files.writeString(folder.resolve("small"), "a small thing to sign");

        int width = 160;
        int height = 120;
        byte[] header = "P6\n%d %d\n255\n".formatted(width, height).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer image = ByteBuffer.allocate(header.length + width * height * 3).put(header);
        for (int i = 0; i < width * height; i++) {
            image.put((byte) (i % width)).put((byte) (i / width * 2)).put((byte) (random.nextInt(40) + (i % 37) * 4));
        }
        Files.write(folder.resolve("image.ppm"), image.array());

        int samples = 22_050;
        ByteBuffer sound = ByteBuffer.allocate(44 + samples * 2).order(ByteOrder.LITTLE_ENDIAN);
        sound.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + samples * 2);
        sound.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16).putShort((short) 1).putShort((short) 1);
        sound.putInt(44_100).putInt(88_200).putShort((short) 2).putShort((short) 16);
        sound.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(samples * 2);
        for (int i = 0; i < samples; i++) {
            sound.putShort((short) (StrictMath.sin(i * 0.031) * 9000 + StrictMath.sin(i * 0.21) * 3000 + random.nextGaussian() * 200));
        }
        Files.write(folder.resolve("sound.wav"), sound.array());
        writeFilm(folder.resolve("video.y4m"), random);
    }

    /** Eight pictures of 128 by 96 in YUV 4:2:0: a moving wave with noise. */
    private static void writeFilm(Path file, Random random) throws IOException {
        ByteArrayOutputStream film = new ByteArrayOutputStream();
        film.write("YUV4MPEG2 W128 H96 F25:1 Ip A1:1 C420jpeg\n".getBytes(StandardCharsets.US_ASCII));
        for (int frame = 0; frame < 8; frame++) {
            film.write("FRAME\n".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 128 * 96 * 3 / 2; i++) {
                double wave = StrictMath.sin((i % 128 + 3 * frame) * 0.1) + StrictMath.cos((i / 128 - frame) * 0.17);
                film.write((int) (128 + 40 * wave) + random.nextInt(12));
            }
        }
        Files.write(file, film.toByteArray());
    }
}
