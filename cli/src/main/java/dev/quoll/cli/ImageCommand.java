package dev.quoll.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code quoll image}: disk images. */
@Command(
        name = "image",
        description = "Makes disk images, and looks after them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ImageCreateCommand.class,
            ImageInfoCommand.class,
            ImageConvertCommand.class,
            ImageResizeCommand.class,
            ImageCheckCommand.class,
            ImageDebianCommand.class
        },
        footer = {"", "Formats and examples: docs/images.md."})
final class ImageCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Say what to do: quoll image create, info, convert, resize, check or debian.");
    }
}
