package dev.quoll.cli;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.RawImage;
import dev.quoll.devices.block.qcow2.Qcow2Image;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quoll image resize}. */
@Command(
        name = "resize",
        sortOptions = false,
        description = {
            "Changes the size of an image's disk. Partitions and file systems on it stay as they are: the guest has to grow them",
            "afterwards, or to shrink them before."
        })
final class ImageResizeCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE", description = "The image.")
    private Path file;

    @Parameters(index = "1", paramLabel = "[+]SIZE", description = "The new size, or with a + how much to add: MiB, or K, M, G, T.")
    private String size;

    @Option(names = "--shrink", description = "Allows cutting off the end of the disk, with all that is there.")
    private boolean shrink;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            completionCandidates = ImageWork.FormatNames.class,
            description = "${COMPLETION-CANDIDATES}, if the file's name does not tell.")
    private Optional<ImageFormat> format;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        return ImageWork.of(() -> {
            try (DiskImage image = new ImageSource(file, format, false).open()) {
                long wanted = size.startsWith("+")
                        ? Math.addExact(image.size(), ByteSize.parse(size.substring(1)).bytes())
                        : ByteSize.parse(size).bytes();
                if (wanted < image.size() && !shrink) {
                    throw new CommandFailure(ExitStatus.USAGE,
                            "the disk has %d bytes, and %d would cut off its end; --shrink allows that.".formatted(image.size(), wanted));
                }
                switch (image) {
                    case Qcow2Image qcow2 -> qcow2.resize(wanted);
                    case RawImage raw -> raw.resize(wanted);
                    default -> throw new AssertionError("a format that cannot be resized");
                }
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("That is more than any disk has", e);
            }
            return ExitStatus.OK.code();
        });
    }
}
