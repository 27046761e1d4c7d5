package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;
import java.nio.charset.StandardCharsets;

/** Zero-terminated strings behind the kernel's command line, for modules' arguments and the loader's name. */
final class StringArea {
    private final GuestMemory memory;
    private int used;

    /** @param used bytes of the command line's area that are taken */
    StringArea(GuestMemory memory, int used) {
        this.memory = memory;
        this.used = used;
    }

    /** Writes a string and returns its guest-physical address. */
    long add(String text) throws ImageException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length + 1 > BootLayout.COMMAND_LINE_SIZE - used) {
            throw new ImageException("The command lines of kernel and modules together are longer than 64 KiB.");
        }
        long address = BootLayout.COMMAND_LINE + used;
        memory.write(address, bytes);
        memory.writeByte(address + bytes.length, (byte) 0);
        used += bytes.length + 1;
        return address;
    }
}
