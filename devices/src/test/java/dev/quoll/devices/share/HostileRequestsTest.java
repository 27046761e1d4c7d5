package dev.quoll.devices.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest that wants out of the shared folder, or at the host's memory or time. */
class HostileRequestsTest {
    private static final int REQUESTS = 8_000;
    private static final String[] NAMES = {"a", "b", "c", "link", "..", ".", "../secret", "a/b", "", "x".repeat(300), "\0"};
    private static final String[] TARGETS = {"../outside", "../secret", "/", "..", "a", "link"};

    @TempDir
    private Path outer;

    private Path folder;

    @BeforeEach
    void layOut() throws IOException {
        folder = Files.createDirectory(outer.resolve("shared"));
        Files.writeString(outer.resolve("secret"), "secret");
        Files.writeString(Files.createDirectory(outer.resolve("outside")).resolve("a"), "outside");
    }

    /** All that is not shared, with its content. */
    private Map<String, String> outside() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(outer)) {
            for (Path path : all.filter(path -> !path.startsWith(folder)).toList()) {
                files.put(path.toString(), Files.isRegularFile(path) ? Files.readString(path) : Files.getPosixFilePermissions(path).toString());
            }
        }
        return files;
    }

    @Test
    void namesThatLeadElsewhereAreRefused() throws Exception {
        try (FuseClient guest = new FuseClient(folder, false, Ownership.ROOT)) {
            for (String name : List.of("..", ".", "../secret", "a/../../secret", "/etc/passwd", "")) {
                guest.lookup(InodeTable.ROOT, name).fails(Errno.EINVAL);
                guest.create(InodeTable.ROOT, name, FuseClient.O_RDWR, 0644).fails(Errno.EINVAL);
                guest.mkdir(InodeTable.ROOT, name).fails(Errno.EINVAL);
                guest.rename(InodeTable.ROOT, name, InodeTable.ROOT, "x", 0).fails(Errno.EINVAL);
            }
            guest.lookup(InodeTable.ROOT, "x".repeat(256)).fails(Errno.ENAMETOOLONG);
        }
    }

    @Test
    void aLinkInAFoldersPlaceLeadsNowhere() throws Exception {
        try (FuseClient guest = new FuseClient(folder, false, Ownership.ROOT)) {
            long inner = FuseClient.entry(guest.mkdir(InodeTable.ROOT, "inner").ok().body()).node();
            guest.created(inner, "a");
            long file = guest.find("inner", "a");
            // Behind the server's back, as a program of the host or another guest would.
            Files.move(folder.resolve("inner"), folder.resolve("moved"));
            Files.createSymbolicLink(folder.resolve("inner"), outer.resolve("outside"));
            FuseClient.Answer opened = guest.open(file, FuseClient.O_RDWR);
            if (opened.error() == 0) {
                long handle = opened.body().getLong(0);
                assertThat(guest.read(file, handle, 0, 100)).as("the file that was meant").isEmpty();
            }
            guest.create(inner, "made", FuseClient.O_RDWR, 0644);
            guest.mkdir(inner, "folder");
            guest.symlink(inner, "link", "x");
            guest.named(FuseOpcode.LINK, InodeTable.ROOT, FuseClient.body(8).putLong(file), "hard");
            guest.remove(FuseOpcode.UNLINK, inner, "a");
            assertThat(outer.resolve("outside")).isDirectoryNotContaining(path -> !path.endsWith("a"));
            assertThat(outer.resolve("outside/a")).hasContent("outside");
            assertThat(guest.lookup(InodeTable.ROOT, "inner").ok().body().getInt(40 + 60) & FileAttributes.TYPE)
                    .isEqualTo(FileAttributes.SYMLINK);
        }
    }

    @Test
    void aFileInAnothersPlaceIsNotTakenForIt() throws Exception {
        try (FuseClient guest = new FuseClient(folder, false, Ownership.ROOT)) {
            guest.created(InodeTable.ROOT, "a");
            long file = guest.find("a");
            Files.delete(folder.resolve("a"));
            Files.createSymbolicLink(folder.resolve("a"), outer.resolve("secret"));
            guest.open(file, 0).fails(Errno.ESTALE);
            guest.setattr(file, 1 << 3, 0, 0, 0).fails(Errno.ESTALE);
            assertThat(outer.resolve("secret")).hasContent("secret");
        }
    }

    @Test
    void randomRequestsNeverLeaveTheFolder() throws Exception {
        long seed = System.nanoTime();
        System.out.println("HostileRequestsTest seed " + seed);
        Map<String, String> before = outside();
        try (FuseClient guest = new FuseClient(folder, false, Ownership.ROOT)) {
            assertTimeoutPreemptively(Duration.ofMinutes(2), () -> storm(guest, new Random(seed)), "seed " + seed);
            assertThat(outside()).as("seed %d", seed).isEqualTo(before);
            assertThat(guest.server().share().tree.inodes().size()).isLessThanOrEqualTo(InodeTable.LIMIT);
            assertThat(guest.server().share().files.all()).hasSizeLessThanOrEqualTo(HandleTable.LIMIT);
            ShareState saved = ShareStates.save(guest.server());
            try (FuseClient twin = new FuseClient(folder, false, Ownership.ROOT)) {
                ShareStates.restore(twin.server(), saved);
                assertThat(ShareStates.save(twin.server())).isEqualTo(saved);
            }
            guest.init();
            guest.mkdir(InodeTable.ROOT, "it still works").ok();
        }
    }

    private static void storm(FuseClient guest, Random random) {
        FuseOpcode[] opcodes = FuseOpcode.values();
        for (int i = 0; i < REQUESTS; i++) {
            FuseOpcode opcode = opcodes[random.nextInt(opcodes.length)];
            if (opcode == FuseOpcode.DESTROY && random.nextInt(100) != 0) {
                continue;
            }
            ByteBuffer head = FuseClient.body(headLength(opcode));
            while (head.hasRemaining()) {
                head.putInt(random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(6));
                if (head.remaining() >= 4) {
                    head.putInt(0);
                }
            }
            long node = random.nextInt(8);
            int room = random.nextInt(10) == 0 ? random.nextInt(200) : 9000;
            byte[] names = (NAMES[random.nextInt(NAMES.length)]
                            + "\0"
                            + (opcode == FuseOpcode.SYMLINK ? TARGETS[random.nextInt(TARGETS.length)] : NAMES[random.nextInt(4)])
                            + (random.nextInt(20) == 0 ? "" : "\0"))
                    .getBytes(StandardCharsets.UTF_8);
            byte[] body = Arrays.copyOf(head.array(), head.capacity() + names.length);
            System.arraycopy(names, 0, body, head.capacity(), names.length);
            int number = random.nextInt(50) == 0 ? random.nextInt(-2, 5000) : opcode.number();
            guest.call(number, node, body, room);
            if (i % 1000 == 999) {
                guest.init();
            }
        }
    }

    /** What comes before the names, in bytes. */
    private static int headLength(FuseOpcode opcode) {
        return switch (opcode) {
            case LOOKUP, UNLINK, RMDIR, SYMLINK, READLINK, STATFS, DESTROY, REMOVEXATTR -> 0;
            case MKDIR, LINK, RENAME, OPEN, GETXATTR, SETXATTR, FORGET -> 8;
            case READ, WRITE -> 40;
            case SETATTR -> 88;
            case COPY_FILE_RANGE -> 56;
            case INIT -> 64;
            case FLUSH, RELEASE, RELEASEDIR, LSEEK -> 24;
            case READDIR, READDIRPLUS -> 40;
            default -> 16;
        };
    }
}
