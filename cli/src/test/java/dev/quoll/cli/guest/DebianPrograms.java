package dev.quoll.cli.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.initramfs.CpioWriter;
import dev.quoll.boot.kit.DownloadKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Programs of Debian 12 with the libraries they need, unpacked once for the guest and for the host. */
final class DebianPrograms {
    /** Perl and Python. */
    static final List<String> INTERPRETERS = List.of(
            "libc6", "libcrypt1", "perl-base", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib",
            "libexpat1", "zlib1g", "libssl3");
    private static final String LIBRARIES = "lib/x86_64-linux-gnu";

    private final Path tree;

    /** Downloads through apt what is not yet in the user's cache; skips the calling test where that does not work. */
    DebianPrograms(Path folder, List<String> packages) throws IOException, InterruptedException {
        HostPrograms.require("apt-get", "dpkg-deb");
        Path cache = Files.createDirectories(DownloadKit.userCache().resolve("programs"));
        tree = Files.createDirectory(folder.resolve("tree"));
        for (String name : packages) {
            Path deb = cache.resolve(name + ".deb");
            if (!Files.exists(deb)) {
                Path download = Files.createTempDirectory(cache, ".fetch-");
                download(download, name);
                Files.move(only(download), deb, StandardCopyOption.REPLACE_EXISTING);
                Files.delete(download);
            }
            HostPrograms.outputOf(folder, Map.of(), List.of("dpkg-deb", "-x", deb.toString(), tree.toString()));
        }
    }

    private static void download(Path folder, String name) throws InterruptedException {
        try {
            HostPrograms.outputOf(
                    folder, Map.of(), List.of("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name));
        } catch (IOException e) {
            assumeTrue(false, "the packages of Debian 12 cannot be fetched: " + e.getMessage());
        }
    }

    private static Path only(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findFirst().orElseThrow(() -> new IOException("apt-get left nothing in " + folder));
        }
    }

    /** Where a file of the guest's root lies on the host. */
    Path file(String path) {
        return tree.resolve(path);
    }

    /** What the guest's program prints on the host's processor: the same program file, loader and libraries. */
    String outputOnHost(String program, List<String> arguments, Map<String, String> environment)
            throws IOException, InterruptedException {
        Map<String, String> all = new TreeMap<>(HostPrograms.GUEST_LIKE);
        all.putAll(environment);
        return outputOnHost("", program, arguments, all);
    }

    /**
     * The same in a folder of the tree, with an environment of its own.
     *
     * @param folder within the tree
     */
    String outputOnHost(String folder, String program, List<String> arguments, Map<String, String> environment)
            throws IOException, InterruptedException {
        String libraries = "usr/" + LIBRARIES;
        List<String> command = new ArrayList<>(List.of(
                file(LIBRARIES + "/ld-linux-x86-64.so.2").toString(),
                "--library-path",
                Stream.of(LIBRARIES, libraries, libraries + "/blas", libraries + "/lapack")
                        .map(part -> file(part).toString())
                        .collect(Collectors.joining(":")),
                file(program).toString()));
        command.addAll(arguments);
        return HostPrograms.outputOf(file(folder), environment, command);
    }

    /**
     * Packs the tree for the guest, documentation and character sets aside, and takes from it the absolute links, which
     * would lead a run on the host out of it.
     */
    Path pack(Path archive) throws IOException {
        try (CpioWriter cpio = new CpioWriter(Files.newOutputStream(archive)); Stream<Path> paths = Files.walk(tree)) {
            for (Path path : paths.skip(1).sorted(Comparator.naturalOrder()).toList()) {
                String name = tree.relativize(path).toString();
                if (name.matches("usr/share(/.*)?|.*/gconv(/.*)?")) {
                    continue;
                }
                if (Files.isSymbolicLink(path)) {
                    Path target = Files.readSymbolicLink(path);
                    cpio.symlink(name, target.toString());
                    if (target.isAbsolute()) {
                        Files.delete(path);
                    }
                } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                    cpio.directory(name, 0755);
                } else {
                    cpio.file(name, Files.isExecutable(path) ? 0755 : 0644, Files.readAllBytes(path));
                }
            }
        }
        return archive;
    }
}
