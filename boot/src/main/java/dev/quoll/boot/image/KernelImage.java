package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A kernel image that has been recognised and validated. Parsing is pure; an image is immutable, holds the file's bytes,
 * and can be loaded any number of times, also from several threads into different machines.
 */
public sealed interface KernelImage permits BzImage, ElfKernel, PvhKernel, MultibootKernel {
    /**
     * Recognises and validates an image: ELF (PVH note, else multiboot header, else Linux), then bzImage, then multiboot
     * without ELF.
     *
     * @param file the whole file; not copied, so the caller must not change it
     * @throws ImageException when it is no kernel for this machine, truncated or inconsistent
     */
    static KernelImage parse(byte[] file) throws ImageException {
        return ImageRecognition.parse(new ImageBytes(file));
    }

    /** Reads and parses a file; see {@link #parse(byte[])}. */
    static KernelImage parse(Path file) throws ImageException {
        byte[] bytes;
        try {
            if (Files.size(file) > ImageRecognition.MAX_FILE) {
                throw new ImageException("The file %s is too large to be a kernel image.".formatted(file));
            }
            bytes = Files.readAllBytes(file);
        } catch (ImageException e) {
            throw e;
        } catch (IOException e) {
            throw new ImageException("The kernel image %s cannot be read: %s.".formatted(file, e.getMessage()), e);
        }
        return parse(bytes);
    }

    /** What the image is, for reports: its format, and its version where it carries one. */
    String description();

    /**
     * Writes the kernel, the modules and the structures of its boot protocol into guest memory, and says how to enter it.
     * The machine must not be running. What the memory held before does not matter.
     *
     * @throws ImageException when the kernel or a module does not fit, or the image proves to be corrupt
     */
    LoadedKernel load(GuestMemory memory, LoadRequest request) throws ImageException;
}
