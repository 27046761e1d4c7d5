package dev.quoll.boot.kit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host's own package tool, asked as an ordinary user: it knows where packages lie and verifies the lists that their
 * checksums come from. Blocks its caller while a command runs; an interrupt ends the command.
 */
final class Apt {
    /** A package as the lists describe it. {@code dependency} is the first one it depends on, or empty. */
    record Description(String name, String version, long size, String sha256, String dependency) {}

    static final String INSTEAD = "or name files of your own with --kernel and --initrd";

    private final List<String> show;
    private final List<String> download;

    Apt() {
        this(List.of("apt-cache", "show", "--no-all-versions"), List.of("apt-get", "download"));
    }

    /** With other programs, for tests. */
    Apt(List<String> show, List<String> download) {
        this.show = show;
        this.download = download;
    }

    Description describe(String packageName) throws KitException, InterruptedException {
        if (!packageName.matches("[a-z0-9][a-z0-9+.-]+")) {
            throw new KitException("'%s' is not the name of a Debian package.".formatted(packageName));
        }
        Result result = run(Path.of("."), show, packageName);
        String text = result.output;
        String name = field(text, "Package");
        if (result.status != 0 || name.isEmpty()) {
            throw new KitException("apt knows no package %s: run 'apt-get update' as root, %s.".formatted(packageName, INSTEAD));
        }
        String sha256 = field(text, "SHA256");
        String size = field(text, "Size");
        if (!sha256.matches("[0-9a-f]{64}") || !size.matches("[0-9]{1,12}")) {
            throw new KitException("apt tells no checksum for the package %s: run 'apt-get update' as root, %s.".formatted(name, INSTEAD));
        }
        Matcher dependency = Pattern.compile("^[a-z0-9+.-]+").matcher(field(text, "Depends"));
        return new Description(name, field(text, "Version"), Long.parseLong(size), sha256, dependency.find() ? dependency.group() : "");
    }

    /** Downloads into an empty folder and returns the file. */
    Path download(Description wanted, Path folder, Progress progress) throws IOException, InterruptedException {
        String step = "Downloading " + wanted.name;
        progress.report(step, 0, wanted.size);
        Thread watcher = Thread.ofVirtual().start(() -> watch(folder, wanted.size, step, progress));
        Result result;
        try {
            result = run(folder, download, wanted.name + "=" + wanted.version);
        } finally {
            watcher.interrupt();
            watcher.join();
        }
        if (result.status != 0) {
            throw new KitException("apt-get could not download %s (%s): check the network and run 'apt-get update' as root, %s."
                    .formatted(wanted.name, lastLine(result.errors), INSTEAD));
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.deb")) {
            for (Path file : files) {
                progress.report(step, wanted.size, wanted.size);
                return file;
            }
        }
        throw new KitException("apt-get download left no file of %s behind; %s.".formatted(wanted.name, INSTEAD.substring(3)));
    }

    /** apt writes the file where we can see it grow. */
    private static void watch(Path folder, long total, String step, Progress progress) {
        try {
            while (true) {
                Thread.sleep(200);
                long done = 0;
                try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                    for (Path file : files) {
                        done = Math.max(done, Files.size(file));
                    }
                }
                progress.report(step, Math.min(done, total), total);
            }
        } catch (InterruptedException | IOException e) {
            Thread.currentThread().interrupt(); // the download has ended, or moved its file away just now
        }
    }

    private record Result(int status, String output, String errors) {}

    private static Result run(Path folder, List<String> command, String argument) throws KitException, InterruptedException {
        List<String> full = new ArrayList<>(command);
        full.add(argument);
        Path errors = null;
        try {
            errors = Files.createTempFile("quoll-apt-", ".txt");
            ProcessBuilder builder = new ProcessBuilder(full).directory(folder.toFile()).redirectError(errors.toFile());
            builder.environment().put("LC_ALL", "C");
            Process process;
            try {
                process = builder.start();
            } catch (IOException e) {
                throw new KitException("There is no %s here, so no kernel can be fetched: %s."
                        .formatted(command.getFirst(), INSTEAD.substring(3)), e);
            }
            try {
                process.getOutputStream().close();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                return new Result(process.waitFor(), output, Files.readString(errors));
            } finally {
                process.destroy();
            }
        } catch (KitException e) {
            throw e;
        } catch (IOException e) {
            throw new KitException("%s could not be run: %s.".formatted(command.getFirst(), e.getMessage()), e);
        } finally {
            if (errors != null) {
                errors.toFile().delete();
            }
        }
    }

    private static String field(String text, String name) {
        Matcher matcher = Pattern.compile("^" + name + ": (.*)$", Pattern.MULTILINE).matcher(text);
        return matcher.find() ? matcher.group(1).strip() : "";
    }

    private static String lastLine(String text) {
        List<String> errors = text.lines().filter(l -> l.startsWith("E:")).toList();
        return errors.isEmpty() ? "no reason given" : errors.getLast().substring(2).strip();
    }
}
