package dev.quoll.boot.debian;

import dev.quoll.boot.kit.KitException;
import dev.quoll.boot.kit.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Debian's own tools at work: mmdebstrap resolves, verifies and installs the packages, as root or in a user namespace; mke2fs makes the
 * file system. Blocks its caller while a tool runs; an interrupt ends the tool.
 */
final class Bootstrap {
    private static final List<String> SYSTEM_FOLDERS = List.of("/usr/sbin", "/sbin");
    /** Of what mmdebstrap says it does, the parts that take time. */
    private static final Pattern STAGE =
            Pattern.compile("I: ((?:running apt-get update|downloading|extracting|installing|creating tarball).*?)\\.*");
    private static final Pattern PACKAGE_FAILURE = Pattern.compile("^E: .*|.*(Unable to locate package|has no installation candidate).*");

    private final DebianPlan plan;
    private final Path work;
    private final Path cache;
    private final Progress progress;

    Bootstrap(DebianPlan plan, Path work, Path cache, Progress progress) {
        this.plan = plan;
        this.work = work;
        this.cache = cache;
        this.progress = progress;
    }

    /** The installed and configured system as a tar archive. */
    Path system(UUID root) throws IOException, InterruptedException {
        Path archive = work.resolve("root.tar");
        Path packages = Files.createDirectories(cache.resolve("debian").resolve(plan.suite()));
        Path setup = Files.createFile(work.resolve("setup.sh"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(setup, setup(root));
        List<String> command = new ArrayList<>(List.of(tool("mmdebstrap", "mmdebstrap"), "--variant=apt", "--skip=essential/unlink",
                // Packages of earlier times, and back again: mmdebstrap(1), "EXAMPLES".
                "--setup-hook=mkdir -p \"$1\"/var/cache/apt/archives",
                "--setup-hook=sync-in " + quoted(packages) + " /var/cache/apt/archives",
                "--customize-hook=sync-out /var/cache/apt/archives " + quoted(packages),
                "--customize-hook=upload " + quoted(setup) + " /quoll-setup.sh",
                "--customize-hook=chroot \"$1\" /bin/sh /quoll-setup.sh",
                "--customize-hook=rm \"$1\"/quoll-setup.sh",
                "--include=" + String.join(",", plan.allPackages()), plan.suite(), archive.toString()));
        plan.mirror().ifPresent(command::add);
        run("Debian " + plan.suite(), command);
        return archive;
    }

    private String setup(UUID root) throws IOException {
        StringBuilder text = new StringBuilder();
        String[][] words = {
            {"HOST", plan.hostName()},
            {"ROOT_ID", root.toString()},
            {"LOGIN", plan.login()},
            {"PASSWORD", plan.password().orElse(plan.login())},
            {"PASSWORD_LOGIN", plan.password().isPresent() ? "yes" : "no"},
            {"SSH_KEY", plan.sshKey().orElse("")}
        };
        for (String[] word : words) {
            text.append(word[0]).append('=').append(quoted(word[1])).append('\n');
        }
        try (InputStream script = Bootstrap.class.getResourceAsStream("setup.sh")) {
            return text.append(new String(script.readAllBytes(), StandardCharsets.UTF_8)).toString();
        }
    }

    private static String quoted(Object text) {
        return "'" + text.toString().replace("'", "'\\''") + "'";
    }

    /** Makes an ext4 at an offset of a file and fills it from the archive. */
    void fileSystem(Path archive, Path image, long offset, long length, UUID id) throws IOException, InterruptedException {
        Path tree = Files.createDirectory(work.resolve("tree"));
        String unpack = "tar -C %s --numeric-owner --xattrs --xattrs-include='*' -xpf %s".formatted(quoted(tree), quoted(archive));
        // All tables are written now, because else the guest would spend its first minutes on writing them.
        String make = "%s -q -F -t ext4 -L root -U %s -d %s -E offset=%d,lazy_itable_init=0,lazy_journal_init=0 %s %dk".formatted(
                tool("mke2fs", "e2fsprogs"), id, quoted(tree), offset, quoted(image), length >> 10);
        List<String> command = new ArrayList<>();
        if (!isRoot()) {
            // Files must look as if they were root's while they are copied into the file system.
            command.add(tool("fakeroot", "fakeroot"));
        }
        command.addAll(List.of("sh", "-c", unpack + " && " + make + " && rm -rf " + quoted(tree)));
        run("Making the root file system", command);
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static String tool(String name, String packageName) throws KitException {
        Stream<String> path = Stream.of(System.getenv().getOrDefault("PATH", "").split(":"));
        return Stream.concat(path, SYSTEM_FOLDERS.stream())
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElseThrow(() -> new KitException(
                        "Making a Debian disk needs the program %s, which is not here: install it (apt-get install %s)."
                                .formatted(name, packageName)));
    }

    /** Runs a tool, passing on what it says it is doing. */
    private void run(String step, List<String> command) throws IOException, InterruptedException {
        progress.report(step, 0, 0);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        Process process = builder.start();
        List<String> failures = new ArrayList<>();
        String last = "no reason given";
        try {
            process.getOutputStream().close();
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    Matcher doing = STAGE.matcher(line);
                    if (doing.matches()) {
                        progress.report(step + ": " + doing.group(1), 0, 0);
                    } else if (PACKAGE_FAILURE.matcher(line).matches()) {
                        failures.add(line.replaceFirst("^E: ", ""));
                    } else if (!line.isBlank() && !line.startsWith("I: ")) {
                        last = line.strip();
                    }
                }
            }
            if (process.waitFor() != 0) {
                String reason = failures.isEmpty() ? last : failures.getFirst();
                throw new KitException("%s failed: %s.".formatted(step, reason.replaceAll("\\.$", "")));
            }
        } finally {
            process.destroy();
        }
    }
}
