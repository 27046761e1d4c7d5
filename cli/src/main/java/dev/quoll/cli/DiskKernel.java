package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.disk.BootFiles;
import dev.quoll.boot.image.BootModule;
import dev.quoll.boot.image.ImageException;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;

/** The kernel that lies on a machine's own disks. */
final class DiskKernel {
    private DiskKernel() {}

    /**
     * Puts the kernel of the first disk that has one into the plan, with its ramdisk and the words that name its root.
     *
     * @param append the user's own words, which may name another root
     * @return whether there was one
     */
    static boolean into(PcBuilder plan, List<ImageSource> disks, String append, PrintWriter err)
            throws CommandFailure, ImageException {
        for (ImageSource disk : disks) {
            Optional<BootFiles> found = on(disk);
            if (found.isPresent()) {
                BootFiles files = found.get();
                plan.kernel(KernelImage.parse(files.kernel()));
                files.initrd().map(BootModule::of).ifPresent(plan::module);
                if (!(" " + append).contains(" root=")) {
                    plan.append(files.root() + " ro");
                }
                err.printf("quoll: booting %s of %s%s%n", files.kernelPath(), disk.path(),
                        files.partition() == 0 ? "" : ", partition " + files.partition());
                err.flush();
                return true;
            }
        }
        return false;
    }

    private static Optional<BootFiles> on(ImageSource disk) throws CommandFailure {
        // For looking only, and closed before the machine opens it.
        try (DiskImage image = new ImageSource(disk.path(), disk.format(), true).open()) {
            return BootFiles.on(image);
        } catch (IOException e) {
            throw new CommandFailure(ExitStatus.DEVICE,
                    "no kernel could be looked for on %s: %s; name one with --kernel.".formatted(disk.path(), HostErrors.reason(e)), e);
        }
    }
}
