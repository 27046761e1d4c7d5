package dev.quoll.emulator.isa;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Files of Debian packages, fetched through the host's apt and kept under `~/.cache/quoll`. Tests that need one skip themselves
/// where that does not work.
final class PackageFiles {
    private static final Path CACHE = Path.of(System.getProperty("user.home"), ".cache", "quoll", "disassembled");

    private PackageFiles() {
    }

    /// Returns the folder with a package's content.
    static Path of(String name) throws IOException, InterruptedException {
        Path folder = CACHE.resolve(name);
        if (Files.isDirectory(folder)) {
            return folder;
        }
        Files.createDirectories(CACHE);
        Path work = Files.createTempDirectory(CACHE, ".fetch-");
        try {
            boolean fetched = run(work, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name);
            assumeTrue(fetched, name + " cannot be fetched");
            run(work, "dpkg-deb", "-x", find(work, ".*\\.deb").toString(), "content");
            Files.move(work.resolve("content"), folder);
        } finally {
            try (Stream<Path> left = Files.walk(work)) {
                left.sorted(Comparator.reverseOrder()).forEach(PackageFiles::delete);
            }
        }
        return folder;
    }

    /// Returns the folder of the package that a package without files of its own depends on first.
    static Path ofDependency(String name) throws IOException, InterruptedException {
        Process show = new ProcessBuilder("apt-cache", "show", "--no-all-versions", name).start();
        String text = new String(show.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String depends = text.lines().filter(line -> line.startsWith("Depends: ")).findFirst().orElse("");
        assumeTrue(show.waitFor() == 0 && !depends.isEmpty(), "apt does not know " + name);
        return of(depends.split("[ ,]+")[1]);
    }

    /// Returns the largest file of a folder whose name is of a kind.
    static Path find(Path folder, String pattern) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> Files.isRegularFile(file) && file.getFileName().toString().matches(pattern))
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow(() -> new IOException("no " + pattern + " in " + folder));
        }
    }

    /// Returns the ELF file inside a bzImage (Documentation/x86/boot.rst, payload_offset).
    static Path vmlinux(Path bzImage, Path folder) throws IOException, InterruptedException {
        ByteBuffer image = ByteBuffer.wrap(Files.readAllBytes(bzImage)).order(ByteOrder.LITTLE_ENDIAN);
        int start = (image.get(0x1f1) + 1) * 512 + image.getInt(0x248);
        byte[] payload = new byte[image.getInt(0x24c) - 4];
        image.get(start, payload);
        String tool = switch (image.getInt(start)) {
            case 0x184c2102 -> "lz4";
            case 0xfd2fb528 -> "zstd";
            case 0x587a37fd -> "xz";
            default -> "gzip";
        };
        Path packed = Files.write(folder.resolve("payload"), payload);
        Path elf = folder.resolve("vmlinux");
        int status = new ProcessBuilder(tool, "-dc")
                .redirectInput(packed.toFile())
                .redirectOutput(elf.toFile())
                .start()
                .waitFor();
        assumeTrue(status == 0, tool + " does not unpack the kernel");
        return elf;
    }

    private static boolean run(Path folder, String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).directory(folder.toFile()).inheritIO().start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
