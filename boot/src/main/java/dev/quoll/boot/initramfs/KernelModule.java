package dev.quoll.boot.initramfs;

import dev.quoll.boot.compress.Compression;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A Linux kernel module and what its {@code .modinfo} section says of it. Source: Linux's include/linux/module.h; System V
 * ABI, chapter "Object Files".
 *
 * @param name the module's name, with underscores
 * @param dependencies names of the modules that must be loaded first
 * @param aliases patterns of the devices it drives
 * @param content the unpacked ELF object
 */
public record KernelModule(String name, List<String> dependencies, List<String> aliases, byte[] content) {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int MAX_SIZE = 64 << 20;

    public KernelModule {
        dependencies = List.copyOf(dependencies);
        aliases = List.copyOf(aliases);
    }

    /**
     * Reads a module, packed or not.
     *
     * @param fileName its file name, from which the module's name is taken where the file does not tell it
     * @throws IOException when it is not an x86-64 or i386 object file
     */
    public static KernelModule parse(String fileName, byte[] file) throws IOException {
        Optional<Compression> compression = Compression.recognise(file, 0, file.length);
        byte[] content = compression.isPresent() ? compression.get().decode(file, 0, file.length, MAX_SIZE) : file;
        String name = fileName.substring(fileName.lastIndexOf('/') + 1);
        name = name.substring(0, Math.max(0, name.indexOf(".ko"))).replace('-', '_');
        List<String> dependencies = new ArrayList<>();
        List<String> aliases = new ArrayList<>();
        try {
            for (String entry : modinfo(content)) {
                int equals = entry.indexOf('=');
                String value = entry.substring(equals + 1);
                switch (equals < 0 ? "" : entry.substring(0, equals)) {
                    case "name" -> name = value;
                    case "alias" -> aliases.add(value);
                    case "depends" -> {
                        for (String dependency : value.split(",")) {
                            if (!dependency.isEmpty()) {
                                dependencies.add(dependency.replace('-', '_'));
                            }
                        }
                    }
                    default -> { }
                }
            }
        } catch (IndexOutOfBoundsException e) {
            throw new IOException("The kernel module " + fileName + " is truncated.", e);
        }
        return new KernelModule(name, dependencies, aliases, content);
    }

    private static List<String> modinfo(byte[] elf) throws IOException {
        if (elf.length < 64 || (int) INT.get(elf, 0) != 0x464c457f) {
            throw new IOException("The kernel module is not an ELF file.");
        }
        boolean is64 = elf[4] == 2;
        int headers = is64 ? (int) (long) LONG.get(elf, 40) : (int) INT.get(elf, 32);
        int sizes = is64 ? 58 : 46;
        int headerSize = (short) SHORT.get(elf, sizes) & 0xffff;
        int count = (short) SHORT.get(elf, sizes + 2) & 0xffff;
        int names = sectionOffset(elf, is64, headers + headerSize * ((short) SHORT.get(elf, sizes + 4) & 0xffff));
        List<String> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int header = headers + headerSize * i;
            if (string(elf, names + (int) INT.get(elf, header)).equals(".modinfo")) {
                int at = sectionOffset(elf, is64, header);
                int end = at + (is64 ? (int) (long) LONG.get(elf, header + 32) : (int) INT.get(elf, header + 20));
                while (at < end) {
                    String entry = string(elf, at);
                    at += entry.getBytes(StandardCharsets.ISO_8859_1).length + 1;
                    if (!entry.isEmpty()) {
                        entries.add(entry);
                    }
                }
            }
        }
        return entries;
    }

    private static int sectionOffset(byte[] elf, boolean is64, int header) {
        return is64 ? (int) (long) LONG.get(elf, header + 24) : (int) INT.get(elf, header + 16);
    }

    private static String string(byte[] bytes, int from) {
        int to = from;
        while (bytes[to] != 0) {
            to++;
        }
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
