package dev.quoll.cli;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.HostFile;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.qcow2.Qcow2Info;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll image info}. */
@Command(name = "info", description = "Shows what an image is, and all that lie below it.")
final class ImageInfoCommand implements Callable<Integer> {
    private static final int MAX_CHAIN = 64;

    @Parameters(paramLabel = "FILE", description = "The image.")
    private Path file;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            completionCandidates = ImageWork.FormatNames.class,
            description = "${COMPLETION-CANDIDATES}, if the file's name does not tell.")
    private Optional<ImageFormat> format;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        return ImageWork.of(() -> {
            PrintWriter out = spec.commandLine().getOut();
            Optional<ImageSource> next = Optional.of(new ImageSource(file, format, true));
            for (int depth = 0; next.isPresent() && depth < MAX_CHAIN; depth++) {
                show(out, next.get());
                next = next.get().below();
            }
            out.flush();
            return ExitStatus.OK.code();
        });
    }

    private static void show(PrintWriter out, ImageSource source) throws IOException {
        ImageFormat actual = source.actualFormat();
        out.printf("%s%n", source.path());
        row(out, "format", actual.toString());
        if (actual == ImageFormat.RAW) {
            try (DiskImage image = source.open()) {
                row(out, "disk", bytes(image.size()));
            }
        } else {
            try (HostFile host = HostFile.open(source.path(), true)) {
                showQcow2(out, Qcow2Info.read(host));
            }
        }
        row(out, "file", bytes(Files.size(source.path())));
    }

    private static void showQcow2(PrintWriter out, Qcow2Info info) {
        row(out, "disk", bytes(info.size()));
        row(out, "version", "%d, clusters of %s, refcounts of %d bits, compression %s".formatted(
                info.version(), new ByteSize(info.clusterSize()), info.refcountBits(), info.compression()));
        info.backingFile().ifPresent(below -> row(out, "below", printable(below)
                + info.backingFormat().map(format -> " (" + printable(format) + ")").orElse(" (format not told)")));
        info.snapshots().forEach(name -> row(out, "snapshot", printable(name)));
        if (info.dirty()) {
            row(out, "state", "refcounts out of date: quoll image check --repair");
        }
        if (info.corrupt()) {
            row(out, "state", "marked as damaged: quoll image check --repair");
        }
    }

    private static void row(PrintWriter out, String name, String value) {
        out.printf("  %-9s %s%n", name, value);
    }

    private static String bytes(long bytes) {
        return bytes >= 1 << 20 ? "%d bytes (%.1f MiB)".formatted(bytes, bytes / 1048576.0) : "%d bytes".formatted(bytes);
    }

    /** Names come from the image, and a terminal obeys control characters. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
