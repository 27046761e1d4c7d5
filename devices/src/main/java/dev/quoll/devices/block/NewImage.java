package dev.quoll.devices.block;

import dev.quoll.devices.block.qcow2.Qcow2Image;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An image in the making. It has a name of its own beside the target and takes the target's place when it is whole, so that nobody ever
 * sees half an image, whatever happens. For one thread.
 */
public final class NewImage implements AutoCloseable {
    private final Path target;
    private final boolean replace;
    private final Path unfinished;
    private final DiskImage image;
    private boolean finished;

    private NewImage(Path target, boolean replace, Path unfinished, DiskImage image) {
        this.target = target;
        this.replace = replace;
        this.unfinished = unfinished;
        this.image = image;
    }

    /**
     * An empty raw image.
     *
     * @param replace whether a file of that name may go; else {@link FileAlreadyExistsException}
     */
    public static NewImage raw(Path target, boolean replace, long size) throws IOException {
        return make(target, replace, file -> {
            file.extendTo(size);
            return new RawImage(file);
        });
    }

    /** An empty qcow2 image, or an overlay that is open without what lies below it. */
    public static NewImage qcow2(Path target, boolean replace, Qcow2Plan plan) throws IOException {
        return make(target, replace, file -> {
            plan.writeTo(file);
            return Qcow2Image.open(file, null);
        });
    }

    private interface Filling {
        DiskImage fill(HostFile file) throws IOException;
    }

    private static NewImage make(Path target, boolean replace, Filling filling) throws IOException {
        requireFree(target, replace);
        String name = ".%s.%08x.part".formatted(target.getFileName(), ThreadLocalRandom.current().nextInt());
        Path unfinished = target.resolveSibling(name);
        HostFile file = HostFile.create(unfinished);
        try {
            return new NewImage(target, replace, unfinished, filling.fill(file));
        } catch (IOException | RuntimeException e) {
            try (file) {
                Files.deleteIfExists(unfinished);
            }
            throw e;
        }
    }

    private static void requireFree(Path target, boolean replace) throws IOException {
        if (!replace && Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        if (Files.exists(target)) {
            if (!Files.isRegularFile(target)) {
                throw new IOException("%s is not a regular file, so no image can take its place".formatted(target));
            }
            HostFile.open(target, false).close(); // not while a machine runs on it
        }
    }

    /** What to fill. */
    public DiskImage image() {
        return image;
    }

    /** Puts the image, now whole, in its place. */
    public void finish() throws IOException {
        image.close();
        requireFree(target, replace);
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        finished = true;
    }

    /** Throws the image away unless it is finished. */
    @Override
    public void close() throws IOException {
        if (!finished) {
            try (image) {
                Files.deleteIfExists(unfinished);
            }
        }
    }
}
