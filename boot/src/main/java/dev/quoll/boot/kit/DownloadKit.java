package dev.quoll.boot.kit;

import dev.quoll.boot.initramfs.BusyboxInitramfs;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Stock kernels and busybox for users who have none at hand: fetched once through the host's apt, checked against the
 * checksum in apt's signed lists, and kept. What is in the cache is used without asking apt again; delete the folder to
 * get newer packages. Several processes may share a cache: a package appears in it whole or not at all.
 */
public final class DownloadKit {
    private static final int MAX_INDIRECTIONS = 4;
    private static final String RECORD = "package.properties";
    private static final String CODE = "code.fd";
    private static final String VARIABLES = "variables.fd";

    private final Path cache;
    private final Apt apt;
    private final Progress progress;

    /** @param cache a folder of its own, made when needed */
    public DownloadKit(Path cache, Progress progress) {
        this(cache, new Apt(), progress);
    }

    DownloadKit(Path cache, Apt apt, Progress progress) {
        this.cache = cache;
        this.apt = apt;
        this.progress = progress;
    }

    /** The user's cache folder: {@code $XDG_CACHE_HOME/quoll}, or {@code ~/.cache/quoll} (XDG Base Directory Specification). */
    public static Path userCache() {
        String configured = System.getenv("XDG_CACHE_HOME");
        Path base = configured != null && Path.of(configured).isAbsolute()
                ? Path.of(configured)
                : Path.of(System.getProperty("user.home"), ".cache");
        return base.resolve("quoll");
    }

    /** A kernel by flavour; see {@link #kernel(String)}. */
    public KernelFiles kernel(KernelFlavour flavour) throws KitException, InterruptedException {
        return kernel(flavour.packageName());
    }

    /**
     * A kernel by the name of its Debian package, or of one that depends on it. Downloads it when the cache has none.
     *
     * @throws KitException with one sentence for the user
     */
    public KernelFiles kernel(String packageName) throws KitException, InterruptedException {
        Path folder = fetch(packageName, packageName + "." + KernelPackage.EDITION, KernelPackage::unpack);
        Properties record = record(folder);
        Path initrd = folder.resolve("initrd");
        return new KernelFiles(
                record.getProperty("package"),
                record.getProperty("version"),
                record.getProperty("release", ""),
                folder.resolve("vmlinuz"),
                Files.exists(initrd) ? Optional.of(initrd) : Optional.empty(),
                folder.resolve("modules"));
    }

    /** The static busybox of Debian's busybox-static, for x86-64. */
    public Path busybox() throws KitException, InterruptedException {
        return fetch("busybox-static", "busybox-static", DownloadKit::unpackBusybox).resolve("busybox");
    }

    /** Firmware. Downloads its package when the cache has none. @throws KitException with one sentence for the user */
    public FirmwareFiles firmware(FirmwareFlavour flavour) throws KitException, InterruptedException {
        Path folder = fetch(
                flavour.packageName(), flavour.packageName(), (tar, target, _) -> unpackFirmware(flavour, tar, target));
        return new FirmwareFiles(
                folder.resolve(CODE), flavour.variables().isPresent() ? Optional.of(folder.resolve(VARIABLES)) : Optional.empty());
    }

    /** The default initial ramdisk for a kernel: its own where it brings one, else busybox with the kernel's modules. */
    public byte[] initramfs(KernelFiles kernel) throws KitException, InterruptedException {
        try {
            if (kernel.initrd().isPresent()) {
                return Files.readAllBytes(kernel.initrd().get());
            }
            byte[] busybox = Files.readAllBytes(busybox());
            return new BusyboxInitramfs(busybox).modules(kernel.release(), kernel.modules()).build();
        } catch (KitException e) {
            throw e;
        } catch (IOException e) {
            throw new KitException("The default initial ramdisk could not be built: %s.".formatted(e.getMessage()), e);
        }
    }

    /** Takes from a package what is wanted, and notes what it finds in the record. */
    @FunctionalInterface
    private interface Unpacker {
        void unpack(TarFile tar, Path folder, Properties record) throws IOException;
    }

    /** Gives the folder of the cache with a package's files, filled on first use. */
    private Path fetch(String packageName, String folderName, Unpacker unpacker) throws KitException, InterruptedException {
        Path target = cache.resolve(folderName);
        if (Files.exists(target.resolve(RECORD))) {
            return target;
        }
        Apt.Description description = resolve(packageName);
        Path work = null;
        try {
            Files.createDirectories(cache);
            work = Files.createTempDirectory(cache, ".fetch-");
            Path downloads = Files.createDirectory(work.resolve("download"));
            Path deb = apt.download(description, downloads, progress);
            verify(description, deb);
            progress.report("Unpacking " + description.name(), 0, 0);
            Path tar = work.resolve("data.tar");
            DebFile.extractData(deb, tar);
            Path folder = Files.createDirectory(work.resolve("package"));
            Properties record = new Properties();
            record.setProperty("package", description.name());
            record.setProperty("version", description.version());
            record.setProperty("sha256", description.sha256());
            try (TarFile archive = new TarFile(tar)) {
                unpacker.unpack(archive, folder, record);
            }
            try (var out = Files.newOutputStream(folder.resolve(RECORD))) {
                record.store(out, null);
            }
            publish(folder, target);
            return target;
        } catch (KitException e) {
            throw e;
        } catch (IOException e) {
            throw new KitException("The package %s could not be unpacked into %s: %s.".formatted(description.name(), cache, e.getMessage()), e);
        } finally {
            deleteTree(work);
        }
    }

    /** Follows meta packages, which hold nothing, to the kernel that they depend on. */
    private Apt.Description resolve(String packageName) throws KitException, InterruptedException {
        progress.report("Looking for " + packageName, 0, 0);
        Apt.Description description = apt.describe(packageName);
        for (int i = 0; i < MAX_INDIRECTIONS && description.dependency().startsWith("linux-image-"); i++) {
            description = apt.describe(description.dependency());
        }
        return description;
    }

    private static void verify(Apt.Description description, Path deb) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
        try (InputStream in = new DigestInputStream(Files.newInputStream(deb), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        if (Files.size(deb) != description.size() || !HexFormat.of().formatHex(digest.digest()).equals(description.sha256())) {
            throw new KitException("The downloaded package %s does not have the checksum that apt's lists give: it was thrown away."
                    .formatted(description.name()));
        }
    }

    /** The rename is what makes the package visible; whoever comes second takes what is there. */
    private static void publish(Path folder, Path target) throws IOException {
        try {
            Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (DirectoryNotEmptyException | FileAlreadyExistsException | AtomicMoveNotSupportedException e) {
            if (!Files.exists(target.resolve(RECORD))) {
                throw e;
            }
        }
    }

    private static void unpackFirmware(FirmwareFlavour flavour, TarFile tar, Path folder) throws IOException {
        write(tar, flavour.code(), folder.resolve(CODE));
        if (flavour.variables().isPresent()) {
            write(tar, flavour.variables().get(), folder.resolve(VARIABLES));
        }
    }

    private static void write(TarFile tar, String name, Path target) throws IOException {
        for (TarFile.Entry entry : tar.entries()) {
            if (entry.name().equals(name)) {
                Files.write(target, tar.read(entry));
                return;
            }
        }
        throw new IOException("there is no %s in it".formatted(name));
    }

    private static void unpackBusybox(TarFile tar, Path folder, Properties record) throws IOException {
        for (TarFile.Entry entry : tar.entries()) {
            if (entry.name().matches("(usr/)?bin/busybox")) {
                Files.write(folder.resolve("busybox"), tar.read(entry));
                return;
            }
        }
        throw new IOException("there is no busybox in it");
    }

    private static Properties record(Path folder) throws KitException {
        Properties record = new Properties();
        try (InputStream in = Files.newInputStream(folder.resolve(RECORD))) {
            record.load(in);
            return record;
        } catch (IOException e) {
            throw new KitException("The cache folder %s cannot be read: %s.".formatted(folder, e.getMessage()), e);
        }
    }

    private static void deleteTree(Path folder) throws KitException {
        if (folder == null) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new KitException("The temporary folder %s cannot be deleted: %s.".formatted(folder, e.getMessage()), e);
        }
    }
}
