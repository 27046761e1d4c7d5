package dev.quoll.cli;

import dev.quoll.boot.debian.DebianDisk;
import dev.quoll.boot.debian.DebianPlan;
import dev.quoll.boot.kit.DownloadKit;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.boot.kit.KitException;
import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageCopy;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.NewImage;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Makes Debian images, and keeps the one that {@code quoll run debian} starts. */
final class DebianImages {
    private static final String FALLBACK_SUITE = "bookworm";
    private static final long RUN_SIZE = 8L << 30;

    private final PrintWriter err;

    DebianImages(PrintWriter err) {
        this.err = err;
    }

    /** The release of a host that is Debian itself: its tools and keys know that one for certain. */
    static String hostSuite() {
        try {
            String release = Files.readString(Path.of("/etc/os-release"));
            Matcher codeName = Pattern.compile("^VERSION_CODENAME=\"?([a-z]+)\"?$", Pattern.MULTILINE).matcher(release);
            boolean debian = Pattern.compile("^ID=\"?debian\"?$", Pattern.MULTILINE).matcher(release).find();
            return debian && codeName.find() ? codeName.group(1) : FALLBACK_SUITE;
        } catch (IOException e) {
            return FALLBACK_SUITE; // no file that says what the host is, so it is not Debian
        }
    }

    /** Makes an image of the plan's disk. */
    void make(DebianPlan plan, Path target, ImageFormat format, boolean force)
            throws IOException, CommandFailure, InterruptedException {
        if (!force && Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Path cache = Files.createDirectories(DownloadKit.userCache());
        Path work = Files.createTempDirectory(cache, "debian-");
        KitProgress progress = new KitProgress(err);
        try {
            Path raw = DebianDisk.make(plan, work, cache, progress);
            try (DiskImage disk = new ImageSource(raw, Optional.of(ImageFormat.RAW), true).open();
                    NewImage made = ImageWork.newImage(target, format, force, new Qcow2Plan(plan.size()))) {
                ImageCopy.copy(disk, made.image(), (done, total) -> progress.report("Writing " + target, done, total));
                made.finish();
            }
            err.printf("quoll: %s is ready; log in as %s%s.%n", target, plan.login(),
                    plan.password().isPresent() ? "" : " with the password " + plan.login());
            err.flush();
        } catch (KitException e) {
            throw new CommandFailure(ExitStatus.KIT, e.getMessage(), e);
        } finally {
            deleteTree(work);
        }
    }

    /**
     * The user's own Debian: an overlay that keeps what the user does, over an image that is made once.
     *
     * @return the overlay
     */
    Path personal() throws IOException, CommandFailure, InterruptedException {
        Path overlay = userState().resolve("debian.qcow2");
        if (Files.exists(overlay)) {
            return overlay;
        }
        String suite = hostSuite();
        // Beside the overlay and not in the cache, which users may empty: the overlay is nothing without it.
        Path base = userState().resolve("debian-%s.qcow2".formatted(suite)).toAbsolutePath();
        Files.createDirectories(base.getParent());
        if (!Files.exists(base)) {
            make(new DebianPlan(suite, RUN_SIZE, "debian", "debian", Optional.empty(), Optional.empty(), List.of(), KernelFlavour.CLOUD,
                    Optional.empty()), base, ImageFormat.QCOW2, false);
        }
        Qcow2Plan plan = new Qcow2Plan(RUN_SIZE).withBacking(base.toString(), ImageFormat.QCOW2.toString());
        try (NewImage made = NewImage.qcow2(overlay, false, plan)) {
            made.finish();
        }
        err.printf("quoll: the disk is %s; delete it to start afresh.%n", overlay);
        err.flush();
        return overlay;
    }

    /** {@code $XDG_STATE_HOME/quoll}, or {@code ~/.local/state/quoll} (XDG Base Directory Specification). */
    private static Path userState() {
        String configured = System.getenv("XDG_STATE_HOME");
        Path base = configured != null && Path.of(configured).isAbsolute()
                ? Path.of(configured)
                : Path.of(System.getProperty("user.home"), ".local", "state");
        return base.resolve("quoll");
    }

    private static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
