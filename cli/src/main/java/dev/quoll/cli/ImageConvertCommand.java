package dev.quoll.cli;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageCopy;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.NewImage;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll image convert}. */
@Command(
        name = "convert",
        sortOptions = false,
        description = "Copies an image, with all that lies below it, to a new one that stands alone. What is zero takes no room.")
final class ImageConvertCommand implements Callable<Integer> {
    private static final int SECTOR = 512;

    @Parameters(index = "0", paramLabel = "FROM", description = "The image to copy.")
    private Path from;

    @Parameters(index = "1", paramLabel = "TO", description = "The new image.")
    private Path to;

    @Option(
            names = "--from-format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            completionCandidates = ImageWork.FormatNames.class,
            description = "${COMPLETION-CANDIDATES}, if the name of FROM does not tell.")
    private Optional<ImageFormat> fromFormat;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            completionCandidates = ImageWork.FormatNames.class,
            description = "Format of the new image: ${COMPLETION-CANDIDATES} (default: as its name promises).")
    private Optional<ImageFormat> format;

    @Option(
            names = "--cluster-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "What qcow2 allocates at a time: 1K to 2M (default: 64K).")
    private Optional<ByteSize> clusterSize;

    @Option(names = "--force", description = "Replaces a file of that name.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        return ImageWork.of(() -> {
            try (DiskImage source = new ImageSource(from, fromFormat, true).open()) {
                ImageFormat wanted = format.orElseGet(() -> ImageFormat.ofName(to));
                long size = source.size() + SECTOR - 1 & -SECTOR;
                try (NewImage made = ImageWork.newImage(to, wanted, force, ImageWork.plan(size, clusterSize))) {
                    KitProgress progress = new KitProgress(spec.commandLine().getErr());
                    ImageCopy.copy(source, made.image(), (done, total) -> progress.report("Copying " + from, done, total));
                    made.finish();
                }
            }
            return ExitStatus.OK.code();
        });
    }
}
