package dev.quoll.cli;

import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.NewImage;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Work on images, with the host's refusals as failures of the command. */
interface ImageWork<T> {
    T run() throws IOException, CommandFailure, InterruptedException;

    /** Does the work. Images that cannot be used have the status of devices, because that is what a machine would say of them. */
    static <T> T of(ImageWork<T> work) throws CommandFailure, InterruptedException {
        try {
            return work.run();
        } catch (FileAlreadyExistsException e) {
            throw new CommandFailure(ExitStatus.EXISTS, "%s exists already; --force replaces it.".formatted(e.getFile()), e);
        } catch (FileSystemException e) {
            throw new CommandFailure(ExitStatus.HOST_IO, "%s: %s.".formatted(e.getFile(), HostErrors.reason(e)), e);
        } catch (IOException e) {
            String message = HostErrors.reason(e);
            boolean full = message.contains("No space left") || message.contains("quota");
            throw new CommandFailure(full ? ExitStatus.HOST_IO : ExitStatus.DEVICE, message + ".", e);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitStatus.USAGE, e.getMessage() + ".", e);
        }
    }

    /** An empty image of a format. */
    static NewImage newImage(Path target, ImageFormat format, boolean force, Qcow2Plan plan) throws IOException {
        return switch (format) {
            case RAW -> NewImage.raw(target, force, plan.size());
            case QCOW2 -> NewImage.qcow2(target, force, plan);
        };
    }

    /** A plan with clusters of a size, if one is given. */
    static Qcow2Plan plan(long size, Optional<ByteSize> clusterSize) {
        Qcow2Plan plan = new Qcow2Plan(size);
        if (clusterSize.isEmpty()) {
            return plan;
        }
        long bytes = clusterSize.get().bytes();
        // What is no power of two becomes a number of bits that no image has.
        return plan.withClusterBits(Long.bitCount(bytes) == 1 ? Long.numberOfTrailingZeros(bytes) : 0);
    }

    /** Names of formats on the command line. */
    final class FormatNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.of(ImageFormat.values()).map(ImageFormat::toString).iterator();
        }
    }

    /** A name of a format as an option's value. */
    final class FormatConverter implements CommandLine.ITypeConverter<ImageFormat> {
        @Override
        public ImageFormat convert(String text) {
            return ImageFormat.named(text).orElseThrow(() -> new CommandLine.TypeConversionException(
                    "'%s' is not an image format: there are %s".formatted(text, String.join(" and ", new FormatNames()))));
        }
    }
}
