package dev.quoll.boot.disk;

import java.util.UUID;

/**
 * A stretch of a disk.
 *
 * @param number as Linux counts, from 1; 0 is the disk as a whole
 * @param start in bytes
 * @param length in bytes
 * @param type what it is for; all zeroes where the table has no such types
 */
public record Partition(int number, long start, long length, UUID type) {
    static final UUID NO_TYPE = new UUID(0, 0);
    /** Where GRUB keeps its core on a disk with a GPT. */
    public static final UUID BIOS_BOOT = UUID.fromString("21686148-6449-6e6f-744e-656564454649");
    /** The EFI system partition (UEFI 2.10, 5.3.3). */
    public static final UUID EFI_SYSTEM = UUID.fromString("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    /** A root file system for x86-64 (Discoverable Partitions Specification). */
    public static final UUID LINUX_ROOT_X86_64 = UUID.fromString("4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
}
