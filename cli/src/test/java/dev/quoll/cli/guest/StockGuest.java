package dev.quoll.cli.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.kit.DownloadKit;
import dev.quoll.boot.kit.KernelFiles;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.boot.kit.KitException;
import dev.quoll.boot.kit.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Debian's stock cloud kernel with the kit's initial ramdisk, and optionally more files, under Quoll or under QEMU. */
final class StockGuest {
    /** A boot takes half a minute on an idle host; tests must also pass on a loaded one, if need be with {@code -Dquoll.guest.minutes}. */
    static final Duration BOOT = Duration.ofMinutes(Integer.getInteger("quoll.guest.minutes", 4));

    private final Path kernel;
    private final List<Path> initrds = new ArrayList<>();

    /**
     * Fetches the files; skips the calling test where they cannot be had.
     *
     * @param folder where the ramdisk may be written
     */
    StockGuest(Path folder) throws IOException, InterruptedException {
        DownloadKit kit = new DownloadKit(DownloadKit.userCache(), Progress.NONE);
        try {
            KernelFiles files = kit.kernel(KernelFlavour.CLOUD);
            kernel = files.kernel();
            initrds.add(Files.write(folder.resolve("initramfs.cpio"), kit.initramfs(files)));
        } catch (KitException e) {
            assumeTrue(false, "no stock kernel at hand: " + e.getMessage());
            throw e;
        }
    }

    /** Adds an archive that the guest's kernel unpacks over the kit's. */
    StockGuest with(Path archive) {
        initrds.add(archive);
        return this;
    }

    /** The program that is under test, in a process of its own, as the launcher would start it. */
    GuestTerminal boot(String... options) throws IOException, InterruptedException {
        List<String> command = program("run", "--kernel", kernel.toString());
        for (Path initrd : initrds) {
            command.addAll(List.of("--initrd", initrd.toString()));
        }
        Collections.addAll(command, options);
        return started(command);
    }

    /** The command line that starts the program with such arguments; more may be added. */
    static List<String> program(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "--enable-native-access=dev.quoll.bindings",
                "--illegal-native-access=deny",
                "--module-path",
                modulePath(),
                "--module",
                "dev.quoll.cli/dev.quoll.cli.Main"));
        Collections.addAll(command, arguments);
        return command;
    }

    /** The kernel. */
    Path kernel() {
        return kernel;
    }

    /** The kit's initial ramdisk, and those that were added. */
    List<Path> initrds() {
        return List.copyOf(initrds);
    }

    /** The same guest on QEMU's emulator; skips the calling test where there is none. */
    GuestTerminal bootOnQemu() throws IOException, InterruptedException {
        HostPrograms.require("qemu-system-x86_64");
        return started(List.of(
                "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nodefaults", "-display", "none",
                "-no-reboot", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
                "-kernel", kernel.toString(), "-initrd", initrds.getFirst().toString(),
                "-append", "console=ttyS0 reboot=k"));
    }

    private static GuestTerminal started(List<String> command) throws IOException, InterruptedException {
        GuestTerminal terminal = new GuestTerminal(command);
        try {
            terminal.expect(GuestTerminal.PROMPT, BOOT);
            // Later lines of the kernel's would stand amid the output of commands; they still go into its log.
            terminal.run("dmesg -n 1", Duration.ofMinutes(1));
            return terminal;
        } catch (Throwable e) {
            terminal.close();
            throw e;
        }
    }

    private static String modulePath() {
        String path = System.getProperty("jdk.module.path");
        assumeTrue(path != null, "the tests do not run on the module path, so there is no application to start");
        return path;
    }
}
