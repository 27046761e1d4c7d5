package dev.quoll.boot.disk;

import dev.quoll.devices.block.DiskImage;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel that a disk would boot, taken from its file systems in the place of a boot loader.
 *
 * @param kernelPath where it was found
 * @param initrd the initial ramdisk that belongs to it, if there is one
 * @param root the word for the kernel's command line that names the root file system: {@code root=UUID=...}
 */
public record BootFiles(int partition, String kernelPath, byte[] kernel, Optional<byte[]> initrd, String root) {
    private static final int MAX_KERNEL = 256 << 20;
    private static final int MAX_INITRD = 512 << 20;
    private static final int MAX_CONFIGURATION = 1 << 20;
    /** Folders with kernels: of a root file system, and of one that is mounted at /boot. */
    private static final List<String> FOLDERS = List.of("/boot/", "/");
    private static final Pattern KERNEL_NAME = Pattern.compile("vmlinuz-(.+)|vmlinux-(.+)");
    private static final Pattern ROOT_WORD = Pattern.compile("^\\s*linux\\S*\\s.*?\\b(root=\\S+)", Pattern.MULTILINE);

    /**
     * Searches all partitions, in order.
     *
     * @return empty when no partition has a file system that can be read with a kernel in it
     * @throws IOException when reading fails: one sentence without the name of the disk
     */
    public static Optional<BootFiles> on(DiskImage disk) throws IOException {
        for (Partition partition : PartitionTable.read(disk)) {
            Optional<Ext4> files = Ext4.in(disk, partition);
            if (files.isPresent()) {
                Optional<BootFiles> found = in(files.get(), partition.number());
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<BootFiles> in(Ext4 files, int partition) throws IOException {
        for (String[] pair : candidates(files)) {
            Optional<byte[]> kernel = files.read(pair[0], MAX_KERNEL);
            if (kernel.isPresent()) {
                Optional<byte[]> initrd = Optional.empty();
                for (int i = 1; i < pair.length && initrd.isEmpty(); i++) {
                    initrd = files.read(pair[i], MAX_INITRD);
                }
                return Optional.of(new BootFiles(partition, pair[0], kernel.get(), initrd, root(files)));
            }
        }
        return Optional.empty();
    }

    /** Paths of kernels, best first, each followed by the places where its ramdisk may be. */
    private static List<String[]> candidates(Ext4 files) throws IOException {
        List<String[]> paths = new ArrayList<>();
        paths.add(new String[] {"/vmlinuz", "/initrd.img"}); // Debian and Ubuntu link the kernel to boot
        paths.add(new String[] {"/boot/vmlinuz", "/boot/initrd.img", "/boot/initrd"});
        for (String folder : FOLDERS) {
            for (String name : files.list(folder).stream().sorted(BY_VERSION.reversed()).toList()) {
                Matcher matcher = KERNEL_NAME.matcher(name);
                if (matcher.matches() && !name.contains("rescue")) {
                    String version = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
                    paths.add(new String[] {folder + name, folder + "initrd.img-" + version, folder + "initramfs-" + version + ".img",
                        folder + "initramfs-" + version, folder + "initrd-" + version});
                }
            }
        }
        return paths;
    }

    /** Numbers within names count as numbers: 6.1.0-9 comes before 6.1.0-10. */
    static final Comparator<String> BY_VERSION = (a, b) -> {
        Matcher first = Pattern.compile("\\d+|\\D+").matcher(a);
        Matcher second = Pattern.compile("\\d+|\\D+").matcher(b);
        while (true) {
            boolean more = first.find();
            if (!second.find()) {
                return more ? 1 : 0;
            } else if (!more) {
                return -1;
            }
            String one = first.group();
            String other = second.group();
            boolean numbers = Character.isDigit(one.charAt(0)) && Character.isDigit(other.charAt(0));
            int order = numbers ? new BigInteger(one).compareTo(new BigInteger(other)) : one.compareTo(other);
            if (order != 0) {
                return order;
            }
        }
    };

    /** What the boot loader's own configuration says; without one, the file system that the kernel is in. */
    private static String root(Ext4 files) throws IOException {
        for (String path : List.of("/boot/grub/grub.cfg", "/grub/grub.cfg", "/boot/grub2/grub.cfg", "/grub2/grub.cfg")) {
            Optional<byte[]> configuration = files.read(path, MAX_CONFIGURATION);
            if (configuration.isPresent()) {
                Matcher word = ROOT_WORD.matcher(new String(configuration.get(), StandardCharsets.UTF_8));
                if (word.find()) {
                    return word.group(1);
                }
            }
        }
        return "root=UUID=" + files.id();
    }
}
