package dev.quoll.cli;

import dev.quoll.devices.block.HostFile;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.qcow2.Qcow2Check;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll image check}. */
@Command(
        name = "check",
        sortOptions = false,
        description = "Looks whether the tables of a qcow2 image are sound.",
        footer = {"", "Exit statuses of their own say that it is damaged, and that only room is lost: docs/exit-status.md."})
final class ImageCheckCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The image.")
    private Path file;

    @Option(names = "--repair", description = "Counts references anew and puts right what that shows.")
    private boolean repair;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        return ImageWork.of(() -> {
            PrintWriter out = spec.commandLine().getOut();
            ImageFormat format = new ImageSource(file, Optional.empty(), true).actualFormat();
            if (format != ImageFormat.QCOW2) {
                throw new IllegalArgumentException("A %s image has no tables to be checked".formatted(format));
            }
            Qcow2Check.Result result = check();
            result.reports().forEach(out::println);
            out.printf("%d clusters in use, %d lost, %d errors%s%n", result.clusters(), result.leaks(), result.errors(),
                    result.repaired() && result.leaks() + result.errors() > 0 ? "; repaired" : "");
            out.flush();
            if (!result.repaired() && result.errors() > 0) {
                throw new CommandFailure(ExitStatus.IMAGE_DAMAGED, "the image %s is damaged%s.".formatted(
                        file, repair ? " beyond repair; save what can be read with 'quoll image convert'" : ""));
            }
            if (!result.repaired() && result.leaks() > 0) {
                throw new CommandFailure(ExitStatus.IMAGE_LEAKS, "the image %s takes up more room than it needs.".formatted(file));
            }
            return ExitStatus.OK.code();
        });
    }

    private Qcow2Check.Result check() throws IOException {
        try (HostFile host = HostFile.open(file, !repair)) {
            return Qcow2Check.check(host, repair);
        } catch (IOException e) {
            throw new IOException("the image %s cannot be checked: %s".formatted(file, e.getMessage()), e);
        }
    }
}
