package dev.quoll.boot;

import dev.quoll.boot.image.BootModule;
import dev.quoll.boot.image.KernelImage;
import java.util.List;

/**
 * A kernel and what it is started with.
 *
 * @param modules for Linux initial ramdisks
 * @param commandLine the whole of it
 * @param unpack whether the monitor unpacks a bzImage, which is faster, or the guest's own code does
 */
record KernelGuest(KernelImage image, List<BootModule> modules, String commandLine, boolean unpack) {
    KernelGuest {
        modules = List.copyOf(modules);
    }
}
