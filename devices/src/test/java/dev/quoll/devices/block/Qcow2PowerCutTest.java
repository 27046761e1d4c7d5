package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.block.qcow2.Qcow2Check;
import dev.quoll.devices.block.qcow2.Qcow2Image;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The host may die at any moment, and its disk may have any part of what it was not told to keep. */
class Qcow2PowerCutTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    private Path folder;

    /** What must be on the disk after an event: the content at a flush, but for places that were written later. */
    private record Flushed(int event, byte[] content, BitSet writtenLater) {}

    @ParameterizedTest
    @CsvSource({"9, 4", "9, 6", "10, 0", "12, 4", "16, 4"})
    void leavesASoundImageWithAllThatWasFlushed(int clusterBits, int refcountOrder) throws Exception {
        run(clusterBits, refcountOrder, 60, 25);
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({"9, 4", "9, 6", "9, 1", "10, 0", "12, 4", "16, 4", "16, 6"})
    void leavesASoundImageOverAndOver(int clusterBits, int refcountOrder) throws Exception {
        for (int round = 0; round < 10; round++) {
            run(clusterBits, refcountOrder, 200, 100);
        }
    }

    private void run(int clusterBits, int refcountOrder, int steps, int cuts) throws Exception {
        long seed = new Random().nextLong();
        System.out.printf("Qcow2PowerCutTest clusters 2^%d, refcounts 2^%d, seed %d%n", clusterBits, refcountOrder, seed);
        Random random = new Random(seed);
        Recording recording = record(clusterBits, refcountOrder, steps, random);
        Path cut = folder.resolve("cut.qcow2");
        for (int i = 0; i < cuts; i++) {
            int event = recording.channel.momentToCut(random);
            recording.channel.replay(recording.before, event, random, cut);
            assertSound(cut, event, recording.history, i % 10 == 0);
        }
    }

    /** What happened to an image's file. */
    private record Recording(byte[] before, LoggedChannel channel, List<Flushed> history) {}

    private Recording record(int clusterBits, int refcountOrder, int steps, Random random) throws IOException {
        Path path = folder.resolve("image.qcow2");
        Files.deleteIfExists(path);
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE, 3, clusterBits, refcountOrder, Optional.empty(), Optional.empty()).writeTo(file);
        }
        byte[] before = Files.readAllBytes(path);
        LoggedChannel channel = new LoggedChannel(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
        List<Flushed> history = new ArrayList<>();
        byte[] content = new byte[SIZE];
        history.add(new Flushed(0, content.clone(), new BitSet()));
        try (Qcow2Image image = Qcow2Image.open(HostFile.over(path, channel), null)) {
            for (int step = 0; step < steps; step++) {
                step(image, random, content, history.getLast().writtenLater);
                if (random.nextInt(8) == 0) {
                    image.flush();
                    history.add(new Flushed(channel.events(), content.clone(), new BitSet()));
                }
            }
        }
        return new Recording(before, channel, history);
    }

    /** The tables that a barrier stands before. That before L1 matters only where an L2 table is the copy of a snapshot's. */
    private enum Tables {
        REFCOUNT_BLOCKS,
        L2
    }

    /** Whether this test would notice a barrier that is not there: those before one kind of table are taken out of the recording. */
    @ParameterizedTest
    @EnumSource
    void aMissingBarrierIsFound(Tables tables) throws Exception {
        Random random = new Random(41);
        Recording recording = record(9, 4, 60, random);
        Set<Long> places = placesOf(tables, ByteBuffer.wrap(Files.readAllBytes(folder.resolve("image.qcow2"))));
        recording.channel.dropBarriersBefore(places::contains);
        Path cut = folder.resolve("cut.qcow2");
        boolean found = false;
        for (int i = 0; i < 500 && !found; i++) {
            recording.channel.replay(recording.before, recording.channel.momentToCut(random), random, cut);
            try (HostFile file = HostFile.open(cut, true)) {
                found = !Qcow2Check.check(file, false).reports().isEmpty();
            }
        }
        assertThat(found).isTrue();
    }

    /** Where such tables lie in the file. */
    private static Set<Long> placesOf(Tables tables, ByteBuffer file) {
        return switch (tables) {
            case REFCOUNT_BLOCKS -> entries(file, file.getLong(48), file.getInt(56) * 512L / Long.BYTES);
            case L2 -> entries(file, file.getLong(40), file.getInt(36));
        };
    }

    private static Set<Long> entries(ByteBuffer file, long table, long count) {
        return LongStream.range(0, count)
                .map(i -> file.getLong((int) (table + i * Long.BYTES)) & 0x00ff_ffff_ffff_fe00L)
                .filter(offset -> offset != 0)
                .boxed()
                .collect(Collectors.toSet());
    }

    private static void step(Qcow2Image image, Random random, byte[] content, BitSet written) throws IOException {
        int length = 1 + random.nextInt(random.nextInt(6) == 0 ? 200_000 : 5000);
        int offset = random.nextInt(SIZE - length);
        written.set(offset, offset + length);
        byte[] bytes = new byte[length];
        switch (random.nextInt(5)) {
            case 0 -> image.writeZeroes(offset, length, true);
            case 1 -> {
                image.discard(offset, length);
                image.read(offset, ByteBuffer.wrap(bytes));
            }
            default -> {
                random.nextBytes(bytes);
                image.write(offset, ByteBuffer.wrap(bytes));
            }
        }
        System.arraycopy(bytes, 0, content, offset, length);
    }

    private void assertSound(Path cut, int event, List<Flushed> history, boolean askQemu) throws Exception {
        try (HostFile file = HostFile.open(cut, true)) {
            assertThat(Qcow2Check.check(file, false).reports()).as("after event %d", event).isEmpty();
        }
        if (askQemu && QemuImg.isInstalled()) {
            QemuImg.checkButForLeaks(cut);
        }
        try (HostFile file = HostFile.open(cut, false)) {
            assertThat(Qcow2Check.check(file, true).repaired()).isTrue();
        }
        try (HostFile file = HostFile.open(cut, true)) {
            assertThat(Qcow2Check.check(file, false).leaks()).isZero();
        }
        int last = 0;
        while (last + 1 < history.size() && history.get(last + 1).event <= event) {
            last++;
        }
        Flushed flushed = history.get(last);
        try (DiskImage image = new ImageSource(cut, Optional.empty(), true).open()) {
            byte[] found = RandomDisk.bytes(image, 0, SIZE);
            for (int at = 0; at < SIZE; at++) {
                if (found[at] != flushed.content[at] && !flushed.writtenLater.get(at)) {
                    assertThat(found[at]).as("byte %d after event %d", at, event).isEqualTo(flushed.content[at]);
                }
            }
        }
    }
}
