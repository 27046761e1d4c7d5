package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.image.BootModule;
import dev.quoll.boot.image.ImageException;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.boot.kit.DownloadKit;
import dev.quoll.boot.kit.KernelFiles;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.boot.kit.KitException;
import dev.quoll.devices.block.ImageSource;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a machine boots: the user's files, or the download kit's in their place. */
final class GuestFiles {
    private final PrintWriter err;

    GuestFiles(PrintWriter err) {
        this.err = err;
    }

    /** Reads the kernel and the ramdisks of a machine without disks into the plan. */
    void into(PcBuilder plan, Path kernel, KernelFlavour flavour, List<Path> initrds) throws CommandFailure, InterruptedException {
        into(plan, kernel, flavour, initrds, List.of(), "");
    }

    /**
     * Reads the kernel and the ramdisks into the plan.
     *
     * @param kernel the user's kernel, or null for one on the disks, or the kit's
     * @param flavour the kit's kernel, or null for one on the disks, and the kit's usual one when there is none
     * @param disks where a kernel may be
     * @param append the user's words for the command line
     */
    void into(PcBuilder plan, Path kernel, KernelFlavour flavour, List<Path> initrds, List<ImageSource> disks, String append)
            throws CommandFailure, InterruptedException {
        if (kernel != null) {
            require("kernel", kernel);
        }
        for (Path initrd : initrds) {
            require("initial ramdisk", initrd);
        }
        try {
            if (kernel != null) {
                plan.kernel(KernelImage.parse(kernel));
            } else if (flavour != null || !initrds.isEmpty() || !DiskKernel.into(plan, disks, append, err)) {
                fromKit(plan, flavour == null ? KernelFlavour.CLOUD : flavour, initrds.isEmpty());
            }
            for (Path initrd : initrds) {
                plan.module(BootModule.of(initrd));
            }
        } catch (ImageException e) {
            throw new CommandFailure(ExitStatus.BAD_IMAGE, e.getMessage(), e);
        }
    }

    private void fromKit(PcBuilder plan, KernelFlavour flavour, boolean withInitramfs)
            throws CommandFailure, InterruptedException, ImageException {
        DownloadKit kit = new DownloadKit(DownloadKit.userCache(), new KitProgress(err));
        try {
            KernelFiles files = kit.kernel(flavour);
            plan.kernel(KernelImage.parse(files.kernel()));
            if (withInitramfs) {
                plan.module(BootModule.of(kit.initramfs(files)));
            }
        } catch (KitException e) {
            throw new CommandFailure(ExitStatus.KIT, e.getMessage(), e);
        }
    }

    /** @throws CommandFailure when the user's file cannot be read */
    static void require(String what, Path file) throws CommandFailure {
        String fault = !Files.exists(file)
                ? "does not exist"
                : Files.isDirectory(file) ? "is a folder" : !Files.isReadable(file) ? "cannot be read: permission denied" : null;
        if (fault != null) {
            throw new CommandFailure(ExitStatus.NO_IMAGE, "the %s %s %s.".formatted(what, file, fault));
        }
    }
}
