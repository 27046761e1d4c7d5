package dev.quoll.boot.initramfs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The small system that a kernel boots into when the user names no initial ramdisk: a static busybox as init and shell,
 * and the kernel's modules for the devices of this machine. The archive is not packed: a guest unpacks nothing faster than
 * nothing. Equal inputs give equal bytes.
 */
public final class BusyboxInitramfs {
    private static final int EXECUTABLE = 0755;
    private static final int READABLE = 0644;
    private static final List<String> DIRECTORIES = List.of(
            "bin", "dev", "etc", "lib", "mnt", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "usr/bin", "usr/sbin", "var");

    private final byte[] busybox;
    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private String release = "";
    private List<KernelModule> modules = List.of();

    /** @param busybox a static busybox for the guest's kernel; it must have the applets init, sh and cttyhack */
    public BusyboxInitramfs(byte[] busybox) {
        this.busybox = busybox;
    }

    /**
     * Adds modules, which the guest loads for the devices it finds.
     *
     * @param release the kernel's release, as {@code uname -r} tells it
     */
    public BusyboxInitramfs modules(String release, List<KernelModule> modules) {
        this.release = release;
        this.modules = List.copyOf(modules);
        return this;
    }

    /** Adds an executable file, for example a test program; folders are made as needed. */
    public BusyboxInitramfs executable(String path, byte[] content) {
        files.put(path, content);
        return this;
    }

    /** The archive. */
    public byte[] build() throws IOException {
        ByteArrayOutputStream archive = new ByteArrayOutputStream(busybox.length + (1 << 20));
        Set<String> directories = new HashSet<>();
        try (CpioWriter cpio = new CpioWriter(archive)) {
            for (String directory : DIRECTORIES) {
                makeDirectories(cpio, directories, directory);
            }
            // The kernel opens the console for the first process before anything is mounted on /dev.
            cpio.characterDevice("dev/console", 0600, 5, 1);
            cpio.characterDevice("dev/null", 0666, 1, 3);
            cpio.file("bin/busybox", EXECUTABLE, busybox);
            cpio.symlink("bin/sh", "busybox");
            cpio.file("init", EXECUTABLE, resource("init"));
            cpio.file("etc/inittab", READABLE, resource("inittab"));
            cpio.file("etc/rcS", EXECUTABLE, resource("rcS"));
            // What busybox acpid runs when the power button is pressed: a path made of the event's name and number.
            cpio.directory("etc/acpi", EXECUTABLE);
            cpio.directory("etc/acpi/PWRF", EXECUTABLE);
            cpio.file("etc/acpi/PWRF/00000080", EXECUTABLE, text("#!/bin/sh\nexec /sbin/poweroff\n"));
            cpio.file("etc/udhcpc.sh", EXECUTABLE, resource("udhcpc.sh"));
            cpio.file("etc/profile", READABLE, resource("profile"));
            cpio.file("etc/passwd", READABLE, text("root::0:0:root:/root:/bin/sh\n"));
            cpio.file("etc/group", READABLE, text("root:x:0:\n"));
            if (!modules.isEmpty()) {
                writeModules(cpio, directories);
            }
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                makeDirectories(cpio, directories, parent(file.getKey()));
                cpio.file(file.getKey(), EXECUTABLE, file.getValue());
            }
        }
        return archive.toByteArray();
    }

    /** What depmod would write, for busybox's modprobe: dependencies and aliases. */
    private void writeModules(CpioWriter cpio, Set<String> directories) throws IOException {
        String folder = "lib/modules/" + release;
        makeDirectories(cpio, directories, folder);
        Map<String, KernelModule> byName = new LinkedHashMap<>();
        modules.forEach(m -> byName.put(m.name(), m));
        StringBuilder dependencies = new StringBuilder();
        StringBuilder aliases = new StringBuilder();
        for (KernelModule module : byName.values()) {
            List<String> needed = new ArrayList<>();
            collect(module, byName, new HashSet<>(Set.of(module.name())), needed);
            dependencies.append(module.name()).append(".ko:");
            // modprobe loads from the end of the line, so what is needed first stands last.
            needed.reversed().forEach(name -> dependencies.append(' ').append(name).append(".ko"));
            dependencies.append('\n');
            for (String alias : module.aliases()) {
                aliases.append("alias ").append(alias).append(' ').append(module.name()).append('\n');
            }
            cpio.file(folder + "/" + module.name() + ".ko", READABLE, module.content());
        }
        cpio.file(folder + "/modules.dep", READABLE, text(dependencies.toString()));
        cpio.file(folder + "/modules.alias", READABLE, text(aliases.toString()));
    }

    /** Adds what a module needs, each module behind all that it needs itself. A circle ends where it closes. */
    private static void collect(KernelModule module, Map<String, KernelModule> byName, Set<String> open, List<String> needed) {
        for (String name : module.dependencies()) {
            KernelModule dependency = byName.get(name);
            if (dependency != null && open.add(name)) {
                collect(dependency, byName, open, needed);
                needed.add(name);
            }
        }
    }

    private static void makeDirectories(CpioWriter cpio, Set<String> done, String path) throws IOException {
        if (!path.isEmpty() && !done.contains(path)) {
            makeDirectories(cpio, done, parent(path));
            cpio.directory(path, path.equals("tmp") ? 01777 : EXECUTABLE);
            done.add(path);
        }
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = BusyboxInitramfs.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }
}
