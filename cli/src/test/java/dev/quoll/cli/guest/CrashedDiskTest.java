package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest writes and syncs files on its disk while its monitor is killed, again and again: what was synced is there afterwards, the
 * file system is whole after its journal, and so is the image.
 */
@Tag("long")
@Timeout(7200)
class CrashedDiskTest {
    private static final int ROUNDS = Integer.getInteger("quoll.crash.rounds", 25);
    private static final Duration COMMAND = Duration.ofMinutes(2);
    private static final Pattern SYNCED = Pattern.compile("synced-(\\d+)\n");
    /** Files that are on the disk at a time, of 60,000 bytes each. */
    private static final int KEPT = 40;
    /** Words of e2fsck's exit status (its manual): errors corrected; it answers so when a journal was replayed. */
    private static final int CORRECTED = 1;

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void whatWasSyncedSurvives(String format, @TempDir Path folder) throws Exception {
        HostPrograms.require("mkfs.ext4");
        HostPrograms.require("e2fsck");
        HostPrograms.require("qemu-img");
        long seed = System.nanoTime();
        System.out.println("CrashedDiskTest " + format + " seed " + seed + ", rounds " + ROUNDS);
        Random random = new Random(seed);
        Path raw = folder.resolve("disk.raw");
        host(folder, "mkfs.ext4", "-q", raw.toString(), "64M");
        Path disk = folder.resolve("disk." + format);
        if (!format.equals("raw")) {
            host(folder, "qemu-img", "convert", "-O", format, raw.toString(), disk.toString());
        }
        StockGuest stock = new StockGuest(folder);
        TreeSet<Integer> synced = new TreeSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            try (GuestTerminal guest =
                    stock.boot("--append", "cryptomgr.notests", "--disk", "%s,format=%s".formatted(disk, format))) {
                guest.run("mount -t ext4 /dev/vda /mnt", COMMAND);
                assertThat(guest.run(comparison(synced), COMMAND)).as("seed %d round %d", seed, round).doesNotContain("BAD");
                int next = synced.isEmpty() ? KEPT : synced.last() + 2;
                int seen = guest.text().length();
                guest.type(("n=%d; while yes $n | head -c 60000 > /tmp/f && dd if=/tmp/f of=/mnt/$n bs=60000 conv=fsync 2>/tmp/e;"
                                + " do echo synced-$n; rm -f /mnt/$((n-%d)); n=$((n+1)); done; cat /tmp/e")
                        .formatted(next, KEPT));
                guest.expect("synced-%d\n".formatted(next), COMMAND);
                Thread.sleep(random.nextInt(2_000));
                guest.close();
                guest.exitStatus(COMMAND);
                Matcher told = SYNCED.matcher(guest.text().substring(seen));
                while (told.find()) {
                    synced.add(Integer.parseInt(told.group(1)));
                }
                int oldest = synced.last() - KEPT + 2;
                synced.removeIf(number -> number < oldest);
            }
            check(folder, disk, format);
        }
        System.out.println("CrashedDiskTest: " + synced.last() + " files synced");
    }

    /** Each file holds its own number over and over. */
    private static String comparison(TreeSet<Integer> synced) {
        String numbers = synced.stream().map(String::valueOf).collect(Collectors.joining(" "));
        return "for n in %s; do yes $n | head -c 60000 | cmp - /mnt/$n || echo BAD $n; done".formatted(numbers);
    }

    /** The host's own programs judge a copy of what the killed process left. */
    private static void check(Path folder, Path disk, String format) throws IOException, InterruptedException {
        Path copy = folder.resolve("copy.raw");
        if (format.equals("raw")) {
            Files.copy(disk, copy, StandardCopyOption.REPLACE_EXISTING);
        } else {
            host(folder, "qemu-img", "check", "-f", format, disk.toString());
            host(folder, "qemu-img", "convert", "-f", format, "-O", "raw", disk.toString(), copy.toString());
        }
        Process preen = new ProcessBuilder("e2fsck", "-p", copy.toString()).redirectErrorStream(true).start();
        String said = new String(preen.getInputStream().readAllBytes());
        assertThat(preen.waitFor()).as(said).isBetween(0, CORRECTED);
        assertThat(said).doesNotContain("UNEXPECTED INCONSISTENCY");
        host(folder, "e2fsck", "-f", "-n", copy.toString());
    }

    private static void host(Path folder, String... command) throws IOException, InterruptedException {
        HostPrograms.outputOf(folder, Map.of(), List.of(command));
    }
}
