package dev.quoll.cli;

import dev.quoll.boot.FirmwareImage;
import dev.quoll.boot.FirmwareVariables;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.image.ImageException;
import dev.quoll.boot.kit.DownloadKit;
import dev.quoll.boot.kit.FirmwareFiles;
import dev.quoll.boot.kit.FirmwareFlavour;
import dev.quoll.boot.kit.KitException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code quoll run} for a machine that firmware starts. */
final class FirmwareOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--firmware",
            paramLabel = "seabios|ovmf|FILE",
            description = "Firmware that boots from the disks and the CD-ROM, in place of a kernel: SeaBIOS or OVMF (UEFI), fetched "
                    + "through apt once, or an image of your own that ends at 4 GiB. docs/firmware.md has more.")
    private String firmware;

    @Option(
            names = "--firmware-vars",
            paramLabel = "FILE",
            description = "Where UEFI firmware keeps its variables; made when it does not exist (default: forgotten at the end).")
    private Path variables;

    /** Whether firmware starts the machine. */
    boolean chosen() {
        if (firmware == null && variables != null) {
            throw new ParameterException(command.commandLine(), "--firmware-vars is for --firmware.");
        }
        return firmware != null;
    }

    /** Puts the firmware into the plan. */
    void into(PcBuilder plan, PrintWriter err) throws CommandFailure, InterruptedException {
        try {
            plan.firmware(image(err));
        } catch (ImageException e) {
            throw new CommandFailure(ExitStatus.BAD_IMAGE, e.getMessage(), e);
        }
    }

    private FirmwareImage image(PrintWriter err) throws CommandFailure, InterruptedException, ImageException {
        Optional<FirmwareFlavour> flavour = Stream.of(FirmwareFlavour.values())
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(firmware))
                .findFirst();
        if (flavour.isEmpty()) {
            Path file = Path.of(firmware);
            GuestFiles.require("firmware", file);
            return FirmwareImage.read(
                    file, variables == null ? Optional.empty() : Optional.of(FirmwareVariables.kept(variables, null)));
        }
        FirmwareFiles files = fetched(flavour.get(), err);
        if (files.variables().isEmpty() && variables != null) {
            throw new ParameterException(command.commandLine(), "%s has no variables to keep in --firmware-vars.".formatted(firmware));
        }
        if (files.variables().isEmpty()) {
            return FirmwareImage.read(files.code(), Optional.empty());
        }
        Path fresh = files.variables().get();
        return FirmwareImage.read(
                files.code(),
                Optional.of(variables == null ? FirmwareVariables.forgotten(fresh) : FirmwareVariables.kept(variables, fresh)));
    }

    private static FirmwareFiles fetched(FirmwareFlavour flavour, PrintWriter err) throws CommandFailure, InterruptedException {
        try {
            return new DownloadKit(DownloadKit.userCache(), new KitProgress(err)).firmware(flavour);
        } catch (KitException e) {
            throw new CommandFailure(ExitStatus.KIT, e.getMessage(), e);
        }
    }
}
