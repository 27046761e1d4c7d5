package dev.quoll.devices.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.Errno;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What requests do to a folder of the host, and what they tell of it. */
class SharedFolderTest {
    private static final long ROOT = InodeTable.ROOT;

    @TempDir
    private Path outer;

    private Path folder;
    private FuseClient guest;

    @BeforeEach
    void share() throws IOException {
        folder = Files.createDirectory(outer.resolve("shared"));
        guest = new FuseClient(folder, false, Ownership.ROOT);
    }

    @AfterEach
    void close() throws Exception {
        guest.close();
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void whatTheGuestWritesIsInTheFolderAndBack() throws IOException {
        long handle = guest.created(ROOT, "grüße.txt");
        byte[] data = new byte[FuseRequest.MAX_DATA];
        new Random(1).nextBytes(data);
        long node = guest.find("grüße.txt");
        assertThat(guest.write(node, handle, 5, data).ok().body().getInt(0)).isEqualTo(data.length);
        guest.call(FuseOpcode.FSYNC, node, FuseClient.body(16).putLong(handle)).ok();
        assertThat(Files.size(folder.resolve("grüße.txt"))).isEqualTo(data.length + 5);
        assertThat(guest.read(node, handle, 5, data.length)).isEqualTo(data);
        assertThat(guest.read(node, handle, data.length, 100)).hasSize(5);
        assertThat(guest.read(node, handle, 1L << 40, 100)).isEmpty();
        guest.release(node, handle).ok();
        guest.release(node, handle).fails(Errno.EBADF);
    }

    @Test
    void whatTheHostWritesIsSeen() throws IOException {
        Files.writeString(folder.resolve("a"), "first");
        long node = guest.find("a");
        assertThat(guest.getattr(node).size()).isEqualTo(5);
        long handle = guest.open(node, 0).ok().body().getLong(0);
        Files.writeString(folder.resolve("a"), "second");
        assertThat(guest.read(node, handle, 0, 100)).isEqualTo(text("second"));
        assertThat(guest.getattr(node).size()).isEqualTo(6);
        guest.write(node, handle, 0, text("x")).fails(Errno.EBADF);
    }

    @Test
    void modesTimesAndSizesAreKept() throws IOException {
        guest.create(ROOT, "tool", FuseClient.O_RDWR, 06777).ok();
        long node = guest.find("tool");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("tool")))).isEqualTo("rwxrwxrwx");
        assertThat((int) Files.getAttribute(folder.resolve("tool"), "unix:mode") & 07000).as("set-ID bits").isZero();
        guest.setattr(node, 1 | 1 << 3 | 1 << 4 | 1 << 5, 10_000, 0100640, 0).ok();
        assertThat(guest.getattr(node)).extracting("size", "mode", "mtime").containsExactly(10_000L, 0100640, 172_800L);
        assertThat(Files.getLastModifiedTime(folder.resolve("tool"))).isEqualTo(FileTime.fromMillis(172_800_000));
        guest.setattr(node, 1 << 3, 3, 0, 0).ok();
        assertThat(Files.size(folder.resolve("tool"))).isEqualTo(3);
        guest.setattr(node, 1 << 3, -1, 0, 0).fails(Errno.EINVAL);
    }

    @Test
    void filesBelongToTheMachinesUser() throws Exception {
        guest.created(ROOT, "mine");
        long node = guest.find("mine");
        guest.setattr(node, 1 << 1, 0, 0, 0).ok();
        guest.setattr(node, 1 << 1, 0, 0, 1234).fails(Errno.EPERM);
        assertThat(guest.getattr(node).uid()).isZero();
        try (FuseClient other = new FuseClient(folder, false, new Ownership(false, 1000, 1000))) {
            assertThat(other.getattr(other.find("mine")).uid()).isEqualTo(1000);
        }
        try (FuseClient other = new FuseClient(folder, false, Ownership.HOST)) {
            assertThat(other.getattr(other.find("mine")).uid()).isEqualTo(Files.getAttribute(folder.resolve("mine"), "unix:uid"));
        }
    }

    @Test
    void namesCanBeMadeMovedAndRemoved() throws IOException {
        long a = FuseClient.entry(guest.mkdir(ROOT, "a").ok().body()).node();
        guest.mkdir(ROOT, "a").fails(Errno.EEXIST);
        long b = FuseClient.entry(guest.mkdir(a, "b").ok().body()).node();
        long handle = guest.created(b, "file");
        long file = guest.find("a", "b", "file");
        guest.write(file, handle, 0, text("content")).ok();
        guest.remove(FuseOpcode.RMDIR, ROOT, "a").fails(Errno.ENOTEMPTY);
        guest.remove(FuseOpcode.UNLINK, ROOT, "a").fails(Errno.EISDIR);
        guest.remove(FuseOpcode.RMDIR, b, "file").fails(Errno.ENOTDIR);
        guest.rename(ROOT, "a", b, "inside", 0).fails(Errno.EINVAL);
        guest.rename(a, "b", ROOT, "c", 0).ok();
        assertThat(guest.find("c")).isEqualTo(b);
        assertThat(guest.getattr(file).size()).isEqualTo(7);
        assertThat(Files.readString(folder.resolve("c/file"))).isEqualTo("content");
        guest.created(b, "other");
        guest.rename(b, "file", b, "other", 1).fails(Errno.EEXIST);
        guest.rename(b, "file", b, "other", 2).fails(Errno.EINVAL);
        guest.rename(b, "file", ROOT, "a", 0).fails(Errno.EISDIR);
        guest.rename(b, "file", b, "other", 0).ok();
        assertThat(guest.find("c", "other")).isEqualTo(file);
        guest.lookup(b, "file").fails(Errno.ENOENT);
        guest.remove(FuseOpcode.UNLINK, b, "other").ok();
        assertThat(guest.read(file, handle, 0, 100)).as("open, though removed").isEqualTo(text("content"));
        assertThat(guest.getattr(file)).extracting("size", "links").containsExactly(7L, 0);
        guest.release(file, handle).ok();
        guest.remove(FuseOpcode.RMDIR, ROOT, "c").ok();
        guest.remove(FuseOpcode.RMDIR, ROOT, "a").ok();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void hardLinksAreOneInode() throws IOException {
        long handle = guest.created(ROOT, "one");
        long node = guest.find("one");
        guest.named(FuseOpcode.LINK, ROOT, FuseClient.body(8).putLong(node), "two").ok();
        assertThat(guest.find("two")).isEqualTo(node);
        assertThat(guest.getattr(node).links()).isEqualTo(2);
        guest.write(node, handle, 0, text("x")).ok();
        assertThat(Files.readString(folder.resolve("two"))).isEqualTo("x");
        guest.remove(FuseOpcode.UNLINK, ROOT, "one").ok();
        assertThat(guest.getattr(node)).extracting("size", "links").containsExactly(1L, 1);
        guest.rename(ROOT, "two", ROOT, "three", 0).ok();
        assertThat(guest.find("three")).isEqualTo(node);
    }

    @Test
    void symbolicLinksAreReadAndNotFollowed() throws IOException {
        Path secret = Files.writeString(outer.resolve("secret"), "secret");
        long link = FuseClient.entry(guest.symlink(ROOT, "link", "../secret").ok().body()).node();
        byte[] target = guest.call(FuseOpcode.READLINK, link, FuseClient.body(0)).ok().body().array();
        assertThat(new String(target, StandardCharsets.UTF_8)).endsWith("../secret");
        assertThat(Files.isSymbolicLink(folder.resolve("link"))).isTrue();
        assertThat(guest.getattr(link).mode() & FileAttributes.TYPE).isEqualTo(FileAttributes.SYMLINK);
        guest.open(link, 0).fails(Errno.EACCES);
        guest.create(ROOT, "link", FuseClient.O_RDWR | OpenFile.O_EXCL, 0644).fails(Errno.EEXIST);
        guest.create(ROOT, "link", FuseClient.O_RDWR | OpenFile.O_TRUNC, 0644).fails(Errno.EACCES);
        guest.setattr(link, 1 << 3, 0, 0, 0).fails(Errno.EACCES);
        guest.setattr(link, 1 | 1 << 5, 0, 0777, 0).ok();
        assertThat(Files.readString(secret)).isEqualTo("secret");
        assertThat(Files.getPosixFilePermissions(secret)).doesNotContainAnyElementsOf(PosixFilePermissions.fromString("--xrwxrwx").stream()
                .filter(permission -> permission.name().contains("EXECUTE"))
                .toList());
    }

    @Test
    void extendedAttributesOfTheUsersNamespace() throws IOException {
        guest.created(ROOT, "file");
        long node = guest.find("file");
        byte[] value = text("value");
        FuseClient.Answer set = guest.call(
                FuseOpcode.SETXATTR, node, FuseClient.body(8 + 9 + value.length).putInt(value.length).putInt(0).put(text("user.key\0")).put(value));
        if (set.error() == -Errno.EOPNOTSUPP.number()) {
            return; // The host's temporary folder has none.
        }
        set.ok();
        assertThat(Files.getAttribute(folder.resolve("file"), "user:key")).isEqualTo(value);
        FuseClient.Answer size = guest.named(FuseOpcode.GETXATTR, node, FuseClient.body(8), "user.key");
        assertThat(size.ok().body().getInt(0)).isEqualTo(value.length);
        guest.named(FuseOpcode.GETXATTR, node, FuseClient.body(8).putInt(2), "user.key").fails(Errno.ERANGE);
        guest.named(FuseOpcode.GETXATTR, node, FuseClient.body(8), "security.capability").fails(Errno.ENODATA);
        guest.named(FuseOpcode.REMOVEXATTR, node, FuseClient.body(0), "user.key").ok();
        guest.named(FuseOpcode.REMOVEXATTR, node, FuseClient.body(0), "user.key").fails(Errno.ENODATA);
        guest.named(FuseOpcode.REMOVEXATTR, node, FuseClient.body(0), "trusted.key").fails(Errno.EOPNOTSUPP);
    }

    @Test
    void listingsAreWholeInAnswersOfAnySize() throws IOException {
        TreeSet<String> expected = new TreeSet<>(List.of(".", ".."));
        for (int i = 0; i < 300; i++) {
            String name = "entry-" + "x".repeat(i % 200) + i;
            expected.add(name);
            if (i % 3 == 0) {
                Files.createDirectory(folder.resolve(name));
            } else {
                Files.createFile(folder.resolve(name));
            }
        }
        for (int room : new int[] {1024, 4096, 1 << 20}) {
            for (boolean plus : new boolean[] {false, true}) {
                List<FuseClient.Listed> listed = guest.list(ROOT, room, plus);
                assertThat(listed).extracting(FuseClient.Listed::name).doesNotHaveDuplicates();
                assertThat(new TreeSet<>(listed.stream().map(FuseClient.Listed::name).toList())).isEqualTo(expected);
                assertThat(listed).allMatch(entry -> entry.inode() != 0
                        && (entry.type() == 4) == Files.isDirectory(folder.resolve(entry.name()), LinkOption.NOFOLLOW_LINKS));
            }
        }
        assertThat(guest.server().share().tree.inodes().size()).isEqualTo(301);
    }

    @Test
    void forgottenInodesLeaveTheTable() throws IOException {
        long a = FuseClient.entry(guest.mkdir(ROOT, "a").ok().body()).node();
        long b = FuseClient.entry(guest.mkdir(a, "b").ok().body()).node();
        InodeTable table = guest.server().share().tree.inodes();
        guest.forget(a, 1);
        assertThat(table.size()).as("b needs the folder it is in").isEqualTo(3);
        guest.lookup(b, "nothing").fails(Errno.ENOENT);
        guest.call(FuseOpcode.BATCH_FORGET, 0, FuseClient.body(8 + 16).putInt(1).putInt(0).putLong(b).putLong(-1));
        assertThat(table.size()).isEqualTo(1);
        guest.lookup(b, "nothing").fails(Errno.ESTALE);
    }

    @Test
    void aReadOnlyShareStaysAsItIs() throws Exception {
        Files.writeString(folder.resolve("file"), "content");
        try (FuseClient reader = new FuseClient(folder, true, Ownership.ROOT)) {
            long node = reader.find("file");
            reader.open(node, FuseClient.O_RDWR).fails(Errno.EROFS);
            reader.open(node, OpenFile.O_TRUNC).fails(Errno.EROFS);
            reader.create(ROOT, "other", 0, 0644).fails(Errno.EROFS);
            reader.mkdir(ROOT, "other").fails(Errno.EROFS);
            reader.remove(FuseOpcode.UNLINK, ROOT, "file").fails(Errno.EROFS);
            reader.setattr(node, 1 << 3, 0, 0, 0).fails(Errno.EROFS);
            long handle = reader.open(node, 0).ok().body().getLong(0);
            assertThat(reader.read(node, handle, 0, 100)).isEqualTo(text("content"));
        }
        assertThat(Files.readString(folder.resolve("file"))).isEqualTo("content");
    }

    @Test
    void aZipFileIsAFolderToo() throws Exception {
        Path zip = outer.resolve("files.zip");
        try (FileSystem files = FileSystems.newFileSystem(URI.create("jar:" + zip.toUri()), Map.of("create", "true"))) {
            Files.createDirectories(files.getPath("/a/b"));
            Files.writeString(files.getPath("/a/b/file"), "zipped");
            Files.writeString(files.getPath("/top"), "top");
            try (FuseClient reader = new FuseClient(files.getPath("/"), true, Ownership.ROOT)) {
                long node = reader.find("a", "b", "file");
                long handle = reader.open(node, 0).ok().body().getLong(0);
                assertThat(reader.read(node, handle, 0, 100)).isEqualTo(text("zipped"));
                assertThat(reader.list(ROOT, 4096, true)).extracting(FuseClient.Listed::name).contains("a", "top");
                assertThat(reader.find("a", "b", "file")).isEqualTo(node);
            }
            try (FuseClient writer = new FuseClient(files.getPath("/a"), false, Ownership.ROOT)) {
                long handle = writer.created(ROOT, "new");
                writer.write(writer.find("new"), handle, 0, text("made by the guest")).ok();
                writer.release(writer.find("new"), handle).ok();
            }
            assertThat(Files.readString(files.getPath("/a/new"))).isEqualTo("made by the guest");
        }
    }
}
