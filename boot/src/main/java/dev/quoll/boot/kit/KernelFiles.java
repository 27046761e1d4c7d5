package dev.quoll.boot.kit;

import dev.quoll.boot.initramfs.KernelModule;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A fetched kernel in the cache.
 *
 * @param packageName the package that it came from
 * @param version the package's version
 * @param release the kernel's release for its modules' folder, as {@code uname -r} tells it; empty when it came without modules
 * @param kernel the kernel image
 * @param initrd the initial ramdisk that the package brings along, as installers do
 * @param modulesFolder where the modules for this machine's devices lie
 */
public record KernelFiles(
        String packageName, String version, String release, Path kernel, Optional<Path> initrd, Path modulesFolder) {
    /** Reads the modules for this machine's devices, sorted by name. */
    public List<KernelModule> modules() throws IOException {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(modulesFolder)) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(modulesFolder, "*.ko")) {
                found.forEach(files::add);
            }
        }
        files.sort(Comparator.comparing(Path::getFileName));
        List<KernelModule> modules = new ArrayList<>();
        for (Path file : files) {
            modules.add(KernelModule.parse(file.getFileName().toString(), Files.readAllBytes(file)));
        }
        return modules;
    }
}
