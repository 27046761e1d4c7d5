package dev.quoll.boot;

import dev.quoll.boot.image.ImageException;
import dev.quoll.devices.firmware.FlashMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A firmware image: what a processor finds below 4 GiB when it comes out of reset.
 *
 * @param name for messages
 * @param code ends at 4 GiB, where the reset vector is
 * @param variables the flash memory with its variables, below the code
 */
public record FirmwareImage(String name, byte[] code, Optional<FirmwareVariables> variables) {
    /** Bytes of code and variables together: the top of the 32-bit address space that nothing else takes. */
    public static final int MOST = 8 << 20;

    private static final int PAGE = 0x1000;
    /** The reset vector and what it jumps over at least. */
    private static final int LEAST = 0x10000;

    /** @throws IllegalArgumentException with a sentence when this cannot be firmware */
    public FirmwareImage {
        int length = code.length + variables.map(FirmwareVariables::length).orElse(0);
        if (code.length < LEAST || code.length % PAGE != 0 || length > MOST) {
            throw new IllegalArgumentException(
                    "firmware has 64 KiB to %d MiB in pages of 4 KiB, its variables included, and %s has %d bytes"
                            .formatted(MOST >> 20, name, length));
        }
    }

    /**
     * Reads an image.
     *
     * @throws ImageException with one sentence, also when it is no firmware
     */
    public static FirmwareImage read(Path file, Optional<FirmwareVariables> variables) throws ImageException {
        byte[] code = bytes("firmware", file);
        try {
            return new FirmwareImage(file.toString(), code, variables);
        } catch (IllegalArgumentException e) {
            throw new ImageException(e.getMessage() + ".", e);
        }
    }

    /** A whole file that is not larger than firmware can be. */
    static byte[] bytes(String what, Path file) throws ImageException {
        try {
            long size = Files.size(file);
            if (size > MOST) {
                throw new ImageException("the %s %s has %d bytes, and no board has room for more than %d MiB."
                        .formatted(what, file, size, MOST >> 20));
            }
            return Files.readAllBytes(file);
        } catch (ImageException e) {
            throw e;
        } catch (IOException e) {
            throw new ImageException("the %s %s cannot be read: %s.".formatted(what, file, e.getMessage()), e);
        }
    }

    /** Bytes of the flash memory with the variables. */
    int variablesLength() {
        return variables.map(FirmwareVariables::length).orElse(0);
    }

    /** Whether the length of a variable store is one that a chip can have. */
    static boolean isFlashLength(long length) {
        return length > 0 && length < MOST && length % FlashMemory.BLOCK == 0;
    }
}
