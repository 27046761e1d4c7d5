package dev.quoll.cli;

import dev.quoll.boot.debian.DebianPlan;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.devices.block.ImageFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code quoll image debian}. */
@Command(
        name = "debian",
        sortOptions = false,
        description = {
            "Makes a disk with Debian on it from Debian's packages: systemd, a login at the serial console, DHCP, ssh.",
            "Needs mmdebstrap and e2fsprogs here, and as an ordinary user also fakeroot and uidmap; packages are kept for next time."
        },
        footer = {"", "Then: quoll run --disk FILE --memory 2G"})
final class ImageDebianCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The new image; qcow2 if its name ends so, or raw.")
    private Path file;

    @Option(names = "--suite", paramLabel = "NAME", description = "Debian's release: bookworm, trixie (default: the host's, or bookworm).")
    private Optional<String> suite;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "4G",
            converter = ByteSize.Converter.class,
            description = "Size of the disk (default: ${DEFAULT-VALUE}).")
    private ByteSize size;

    @Option(names = "--hostname", paramLabel = "NAME", defaultValue = "debian", description = "Default: ${DEFAULT-VALUE}.")
    private String hostName;

    @Option(names = "--user", paramLabel = "NAME", defaultValue = "debian", description = "The user, who may do all by sudo (default: ${DEFAULT-VALUE}).")
    private String login;

    @Option(
            names = "--password",
            paramLabel = "WORDS",
            description = "The user's password, by ssh too; without it, it is the user's name, and good at the console only.")
    private Optional<String> password;

    @Option(names = "--ssh-key", paramLabel = "FILE", description = "A public key with which the user may come in by ssh.")
    private Optional<Path> sshKey;

    @Option(names = "--package", paramLabel = "NAME", description = "A further package; may be given several times.")
    private List<String> packages = List.of();

    @Option(
            names = "--kernel",
            paramLabel = "FLAVOUR",
            defaultValue = "cloud",
            description = "Debian's kernel: cloud, amd64 (the general one) or rt (default: ${DEFAULT-VALUE}).")
    private KernelFlavour kernel;

    @Option(names = "--mirror", paramLabel = "ADDRESS", description = "Where packages come from, in place of Debian's own archive.")
    private Optional<String> mirror;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = ImageWork.FormatConverter.class,
            completionCandidates = ImageWork.FormatNames.class,
            description = "${COMPLETION-CANDIDATES} (default: as the file's name promises).")
    private Optional<ImageFormat> format;

    @Option(names = "--force", description = "Replaces a file of that name.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        return ImageWork.of(() -> {
            DebianPlan plan = new DebianPlan(suite.orElseGet(DebianImages::hostSuite), size.bytes(), hostName, login, password,
                    sshKey.isPresent() ? Optional.of(key(sshKey.get())) : Optional.empty(), packages, kernel, mirror);
            DebianImages images = new DebianImages(spec.commandLine().getErr());
            images.make(plan, file, format.orElseGet(() -> ImageFormat.ofName(file)), force);
            return ExitStatus.OK.code();
        });
    }

    private static String key(Path file) throws IOException {
        return Files.readString(file).strip();
    }
}
