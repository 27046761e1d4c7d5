package dev.quoll.boot.kit;

import dev.quoll.boot.initramfs.KernelModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/** Takes from a kernel's package what this machine needs of it: a general kernel brings thousands of modules. */
final class KernelPackage {
    /** Drivers for the devices that this machine can have, and file systems for their disks. Taken with what they depend on. */
    private static final Set<String> WANTED_MODULES = Set.of(
            "virtio_pci", "virtio_mmio", "virtio_blk", "virtio_net", "virtio_rng", "virtio_console", "virtio_balloon", "virtio_scsi",
            "virtio_pmem", "virtio_mem", "virtio_input", "virtiofs", "vmw_vsock_virtio_transport", "9pnet_virtio", "9p", "overlay",
            "squashfs", "ext4", "vfat", "isofs", "nls_ascii", "nls_cp437", "af_packet", "rtc_cmos", "button", "evdev");
    /** What a module's own list of dependencies does not name, but its start-up asks for: ext4 its checksum. */
    private static final Map<String, List<String>> SOFT_DEPENDENCIES = Map.of("ext4", List.of("crc32c_generic", "crc32c_intel"));

    /** Names what is taken of a package, so that a cache filled with less is not taken for full. */
    static final String EDITION = Integer.toHexString(new TreeSet<>(WANTED_MODULES).toString().hashCode());

    private record Candidate(TarFile.Entry entry, List<String> dependencies) {}

    private KernelPackage() {}

    /** Writes {@code vmlinuz}, and as there are {@code initrd}, {@code config} and {@code modules/*.ko}. */
    static void unpack(TarFile tar, Path folder, Properties record) throws IOException {
        Map<String, Candidate> modules = new HashMap<>();
        boolean found = false;
        for (TarFile.Entry entry : tar.entries()) {
            String name = entry.name();
            if (name.startsWith("boot/vmlinuz-") || name.matches("usr/lib/debian-installer/images/.*/text/.*/linux")) {
                Files.write(folder.resolve("vmlinuz"), tar.read(entry));
                found = true;
            } else if (name.matches("usr/lib/debian-installer/images/.*/text/.*/initrd\\.gz")) {
                Files.write(folder.resolve("initrd"), tar.read(entry));
            } else if (name.startsWith("boot/config-")) {
                Files.write(folder.resolve("config"), tar.read(entry));
            } else if (name.matches("(usr/)?lib/modules/[^/]+/.*\\.ko(\\.[a-z0-9]+)?")) {
                KernelModule module = KernelModule.parse(name, tar.read(entry));
                modules.put(module.name(), new Candidate(entry, module.dependencies()));
                record.setProperty("release", name.replaceFirst(".*lib/modules/([^/]+)/.*", "$1"));
            }
        }
        if (!found) {
            throw new IOException("there is no kernel in it");
        }
        Path target = Files.createDirectory(folder.resolve("modules"));
        for (String name : closure(modules)) {
            TarFile.Entry entry = modules.get(name).entry;
            Files.write(target.resolve(name + ".ko"), KernelModule.parse(entry.name(), tar.read(entry)).content());
        }
    }

    private static Set<String> closure(Map<String, Candidate> modules) {
        Set<String> taken = new TreeSet<>();
        Deque<String> open = new ArrayDeque<>(WANTED_MODULES);
        while (!open.isEmpty()) {
            String name = open.remove();
            if (modules.containsKey(name) && taken.add(name)) {
                open.addAll(modules.get(name).dependencies);
                open.addAll(SOFT_DEPENDENCIES.getOrDefault(name, List.of()));
            }
        }
        return taken;
    }
}
