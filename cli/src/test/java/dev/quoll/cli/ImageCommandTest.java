package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code quoll image}: what its commands do to files, say, and end with. */
class ImageCommandTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int image(String command, Object... words) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] line = Stream.concat(Stream.of("image", command), Stream.of(words).map(Object::toString)).toArray(String[]::new);
        return Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(line);
    }

    private void fails(ExitStatus status, String sentence, String command, Object... words) {
        assertThat(image(command, words)).as(err.toString()).isEqualTo(status.code());
        assertThat(err.toString()).contains(sentence).doesNotContain("Exception", "\tat ");
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private Path raw(String name, int length) throws Exception {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        // Zeroes that need no room, too.
        Arrays.fill(content, length / 4, length / 2, (byte) 0);
        return Files.write(file(name), content);
    }

    @Test
    void anImageIsMadeToldAndFoundSound() throws Exception {
        assertThat(image("create", file("a.qcow2"), "20G")).isZero();
        assertThat(Files.size(file("a.qcow2"))).isLessThan(MIB);
        assertThat(image("info", file("a.qcow2"))).isZero();
        assertThat(out.toString()).contains("qcow2", "21474836480 bytes", "clusters of 64K");
        assertThat(image("check", file("a.qcow2"))).isZero();
        assertThat(out.toString()).contains("0 lost, 0 errors");
        fails(ExitStatus.EXISTS, "a.qcow2 exists already; --force replaces it.", "create", file("a.qcow2"), "1G");
        assertThat(image("create", "--force", file("a.qcow2"), "1G")).isZero();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file("a.qcow2"));
        }
    }

    @Test
    void contentGoesThroughAllFormatsAndOverlays() throws Exception {
        Path first = raw("a.img", 3 * MIB);
        assertThat(image("convert", first, file("b.qcow2"))).isZero();
        assertThat(image("create", "--backing", file("b.qcow2"), file("c.qcow2"))).isZero();
        assertThat(image("info", file("c.qcow2"))).isZero();
        assertThat(out.toString()).contains("below", "b.qcow2");
        assertThat(image("convert", "--cluster-size", "4K", file("c.qcow2"), file("d.qcow2"))).isZero();
        assertThat(image("convert", file("d.qcow2"), file("e.img"))).isZero();
        assertThat(file("e.img")).hasSameBinaryContentAs(first);
    }

    @Test
    void disksGrowAndShrinkOnlyWhenAllowed() throws Exception {
        Path disk = raw("a.img", MIB);
        assertThat(image("resize", disk, "+1")).isZero();
        assertThat(Files.size(disk)).isEqualTo(2 * MIB);
        fails(ExitStatus.USAGE, "--shrink allows that", "resize", disk, "1");
        assertThat(image("resize", "--shrink", disk, "1")).isZero();
        assertThat(disk).hasSameBinaryContentAs(raw("b.img", MIB));
        assertThat(image("create", file("c.qcow2"), "1")).isZero();
        assertThat(image("resize", file("c.qcow2"), "5G")).isZero();
        assertThat(image("check", file("c.qcow2"))).isZero();
    }

    @Test
    void lostRoomAndDamageHaveStatusesOfTheirOwn() throws Exception {
        assertThat(image("convert", raw("a.img", MIB), file("b.qcow2"))).isZero();
        long l2 = pointer(file("b.qcow2"), pointer(file("b.qcow2"), 40));
        try (RandomAccessFile bytes = new RandomAccessFile(file("b.qcow2").toFile(), "rw")) {
            bytes.seek(l2);
            bytes.writeLong(0); // the first cluster of the disk is nobody's now
        }
        fails(ExitStatus.IMAGE_LEAKS, "takes up more room than it needs", "check", file("b.qcow2"));
        assertThat(image("check", "--repair", file("b.qcow2"))).isZero();
        assertThat(out.toString()).contains("; repaired");
        assertThat(image("check", file("b.qcow2"))).isZero();
        long blocks = pointer(file("b.qcow2"), pointer(file("b.qcow2"), 48));
        try (RandomAccessFile bytes = new RandomAccessFile(file("b.qcow2").toFile(), "rw")) {
            bytes.seek(blocks);
            bytes.write(new byte[64]); // counts of clusters that are in use
        }
        fails(ExitStatus.IMAGE_DAMAGED, "b.qcow2 is damaged", "check", file("b.qcow2"));
    }

    private static long pointer(Path file, long at) throws Exception {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
            bytes.seek(at);
            return bytes.readLong() & 0x00ff_ffff_ffff_fe00L;
        }
    }

    @Test
    void mistakesAreOneSentence() throws Exception {
        fails(ExitStatus.USAGE, "Say how large the disk is to be", "create", file("a.qcow2"));
        fails(ExitStatus.USAGE, "An overlay has the format qcow2", "create", "--backing", raw("b.img", MIB), file("c.img"));
        fails(ExitStatus.USAGE, "has no tables to be checked", "check", raw("b.img", MIB));
        fails(ExitStatus.DEVICE, "missing.qcow2 cannot be opened: there is no such file", "info", file("missing.qcow2"));
        fails(ExitStatus.USAGE, "is not the name of a Debian suite", "debian", "--suite", "Windows", file("d.qcow2"));
        fails(ExitStatus.EXISTS, "b.img exists already", "debian", file("b.img"));
        fails(ExitStatus.HOST_IO, "nokey.pub", "debian", "--ssh-key", file("nokey.pub"), file("d.qcow2"));
    }
}
