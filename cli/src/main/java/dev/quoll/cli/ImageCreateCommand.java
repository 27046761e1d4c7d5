package dev.quoll.cli;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.NewImage;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quoll image create}. */
@Command(
        name = "create",
        sortOptions = false,
        description = {
            "Makes an empty image, or an overlay: an image that holds only what differs from the one below it.",
            "The format is the one that the file's name promises (.qcow2), or raw."
        })
final class ImageCreateCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE", description = "The new image.")
    private Path file;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Size of the disk: MiB, or K, M, G, T; an overlay has the size of what is below it.")
    private ByteSize size;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            completionCandidates = ImageWork.FormatNames.class,
            description = "${COMPLETION-CANDIDATES}.")
    private Optional<ImageFormat> format;

    @Option(names = "--backing", paramLabel = "IMAGE", description = "The image below, which must not change from now on; qcow2 only.")
    private Optional<Path> backing;

    @Option(
            names = "--backing-format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            description = "Its format, if its name does not tell.")
    private Optional<ImageFormat> backingFormat;

    @Option(
            names = "--cluster-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "What qcow2 allocates at a time: 1K to 2M (default: 64K).")
    private Optional<ByteSize> clusterSize;

    @Option(names = "--force", description = "Replaces a file of that name.")
    private boolean force;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        return ImageWork.of(() -> {
            ImageFormat wanted = format.orElseGet(() -> ImageFormat.ofName(file));
            if (backing.isEmpty() && size == null) {
                throw new IllegalArgumentException("Say how large the disk is to be");
            }
            if (backing.isPresent() && wanted != ImageFormat.QCOW2) {
                throw new IllegalArgumentException("An overlay has the format qcow2, not " + wanted);
            }
            Qcow2Plan plan = backing.isPresent() ? overlay(backing.get()) : ImageWork.plan(size.bytes(), clusterSize);
            try (NewImage made = ImageWork.newImage(file, wanted, force, plan)) {
                made.finish();
            }
            return ExitStatus.OK.code();
        });
    }

    private Qcow2Plan overlay(Path below) throws IOException {
        ImageFormat belowFormat = backingFormat.orElseGet(() -> ImageFormat.ofName(below));
        try (DiskImage image = new ImageSource(below, backingFormat, true).open()) {
            return ImageWork.plan(size == null ? image.size() : size.bytes(), clusterSize)
                    .withBacking(nameFrom(file, below), belowFormat.toString());
        }
    }

    /** How an image names a file that the user has named: relative names stay relative, but to the image's own folder. */
    static String nameFrom(Path image, Path named) throws IOException {
        Path target = named.toRealPath();
        return named.isAbsolute()
                ? target.toString()
                : image.toAbsolutePath().getParent().toRealPath().relativize(target).toString();
    }
}
