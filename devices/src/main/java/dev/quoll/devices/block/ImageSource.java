package dev.quoll.devices.block;

import dev.quoll.devices.block.qcow2.Qcow2Info;
import dev.quoll.devices.block.qcow2.Qcow2Image;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * An image to be opened, with what lies below it. Threats: an image may name any file as its backing file, and the guest reads that
 * through it. So a file below must be a regular one, has its format told by the image or by its own name, never by its content alone,
 * and is opened for reading only; and who runs an image made by others should look at it with {@code quoll image info} first.
 *
 * @param format empty to go by the file's name, with which its content has to agree
 * @param direct whether whole blocks go around the host's page cache, here and in the files below
 */
public record ImageSource(Path path, Optional<ImageFormat> format, boolean readOnly, boolean direct) {
    private static final int MAX_CHAIN = 64;

    /** Through the host's page cache. */
    public ImageSource(Path path, Optional<ImageFormat> format, boolean readOnly) {
        this(path, format, readOnly, false);
    }

    /**
     * Opens the image and locks its files.
     *
     * @throws IOException one sentence that names the file: not there, not permitted, in use, damaged, not supported
     */
    public DiskImage open() throws IOException {
        return open(new HashSet<>());
    }

    private DiskImage open(Set<Path> above) throws IOException {
        HostFile file = openFile();
        try {
            return switch (actualFormat(file)) {
                case RAW -> new RawImage(file);
                case QCOW2 -> {
                    if (!above.add(path.toRealPath())) {
                        throw new IOException("the image %s is below itself in a chain of backing files".formatted(path));
                    }
                    Optional<ImageSource> below = below(file);
                    if (above.size() > MAX_CHAIN) {
                        throw new IOException("the image %s has more than %d backing files below it".formatted(path, MAX_CHAIN));
                    }
                    yield Qcow2Image.open(file, below.isPresent() ? below.get().open(above) : null);
                }
            };
        } catch (IOException e) {
            try (file) {
                throw e;
            }
        }
    }

    private HostFile openFile() throws IOException {
        try {
            return direct ? HostFile.openDirect(path, readOnly) : HostFile.open(path, readOnly);
        } catch (FileSystemException e) {
            throw new IOException("the image %s cannot be opened: %s".formatted(path, reason(e)), e);
        }
    }

    private static String reason(FileSystemException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "permission denied";
            default -> e.getReason() == null ? e.getMessage() : e.getReason();
        };
    }

    /** What lies directly below this image; empty for raw ones and such as stand alone. */
    public Optional<ImageSource> below() throws IOException {
        try (HostFile file = openFile()) {
            return actualFormat(file) == ImageFormat.QCOW2 ? below(file) : Optional.empty();
        }
    }

    /** The format that was said, or else the one that name and content agree on. */
    public ImageFormat actualFormat() throws IOException {
        try (HostFile file = openFile()) {
            return actualFormat(file);
        }
    }

    private ImageFormat actualFormat(HostFile file) throws IOException {
        return format.isPresent() ? format.get() : ImageFormat.guess(file);
    }

    private Optional<ImageSource> below(HostFile file) throws IOException {
        Qcow2Info header = Qcow2Info.read(file);
        if (header.backingFile().isEmpty()) {
            return Optional.empty();
        }
        Optional<ImageFormat> told = header.backingFormat().flatMap(ImageFormat::named);
        if (told.isEmpty() && header.backingFormat().isPresent()) {
            throw new IOException("the image %s has a backing file of format \"%s\", which is not supported"
                    .formatted(path, printable(header.backingFormat().get())));
        }
        String whole = header.backingFile().get();
        String name = whole.startsWith("file:") ? whole.substring("file:".length()) : whole;
        if (name.startsWith("json:") || name.matches("[a-z0-9+]+:.*")) {
            throw new IOException("the image %s has its backing at \"%s\"; only files are supported".formatted(path, printable(name)));
        }
        Path target;
        try {
            // Relative to the folder of the image, not of the process, and not of what a symbolic link to the image lies in.
            target = path.toAbsolutePath().resolveSibling(name).normalize();
        } catch (InvalidPathException e) {
            throw new IOException("the image %s has a backing file with an impossible name".formatted(path), e);
        }
        if (!Files.exists(target)) {
            throw new IOException("the image %s needs its backing file %s, which does not exist".formatted(path, target));
        }
        if (!Files.isRegularFile(target)) {
            throw new IOException("the image %s has a backing file %s that is not a regular file".formatted(path, target));
        }
        return Optional.of(new ImageSource(target, told, true, direct));
    }

    private static String printable(String text) {
        return text.replaceAll("[^\\x20-\\x7e]", "?");
    }
}
