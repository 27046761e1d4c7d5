package dev.quoll.boot.initramfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The archive as the kernel would read it. */
class BusyboxInitramfsTest {
    private record Entry(int mode, int major, int minor, byte[] content) {
        String text() {
            return new String(content, StandardCharsets.UTF_8);
        }
    }

    /** Reads newc the way the kernel's init/initramfs.c does, down to the order of folders before what they hold. */
    private static Map<String, Entry> read(byte[] archive) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        int at = 0;
        while (true) {
            assertThat(at % 4).isZero();
            assertThat(new String(archive, at, 6, StandardCharsets.US_ASCII)).isEqualTo("070701");
            int[] fields = new int[13];
            for (int i = 0; i < 13; i++) {
                fields[i] = Integer.parseUnsignedInt(new String(archive, at + 6 + 8 * i, 8, StandardCharsets.US_ASCII), 16);
            }
            int nameSize = fields[11];
            String name = new String(archive, at + 110, nameSize - 1, StandardCharsets.UTF_8);
            assertThat(archive[at + 110 + nameSize - 1]).isZero();
            int content = at + 110 + nameSize + 3 & ~3;
            if (name.equals("TRAILER!!!")) {
                return entries;
            }
            int slash = name.lastIndexOf('/');
            if (slash >= 0) {
                assertThat(entries).containsKey(name.substring(0, slash));
            }
            Entry entry = new Entry(fields[1], fields[9], fields[10], Arrays.copyOfRange(archive, content, content + fields[6]));
            assertThat(entries.put(name, entry)).as(name).isNull();
            at = content + fields[6] + 3 & ~3;
        }
    }

    private static KernelModule module(String name, String... dependencies) {
        return new KernelModule(name, List.of(dependencies), List.of("pci:" + name + "*"), name.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void holdsASystemThatInitCanStart() throws IOException {
        byte[] busybox = {1, 2, 3, 4, 5};
        byte[] archive = new BusyboxInitramfs(busybox).executable("opt/bench/run", new byte[] {9}).build();
        Map<String, Entry> entries = read(archive);
        assertThat(entries.get("init").mode()).isEqualTo(0100755);
        assertThat(entries.get("init").text()).startsWith("#!/bin/busybox sh\n").contains("exec /sbin/init");
        assertThat(entries.get("bin/busybox").content()).isEqualTo(busybox);
        assertThat(entries.get("bin/sh")).matches(e -> e.mode() == 0120777 && e.text().equals("busybox"));
        assertThat(entries.get("dev/console")).matches(e -> e.mode() == 0020600 && e.major() == 5 && e.minor() == 1);
        assertThat(entries.get("tmp").mode()).isEqualTo(0041777);
        assertThat(entries.get("etc/rcS").mode()).isEqualTo(0100755);
        assertThat(entries.get("opt/bench").mode()).isEqualTo(0040755);
        assertThat(entries.get("opt/bench/run").content()).isEqualTo(new byte[] {9});
        assertThat(new BusyboxInitramfs(busybox).executable("opt/bench/run", new byte[] {9}).build()).isEqualTo(archive);
    }

    @Test
    void modulesAreLoadedAfterWhatTheyNeed() throws IOException {
        // c needs a and b, a needs b as well: b must come first although c names it last.
        List<KernelModule> modules = List.of(module("c", "a", "b"), module("a", "b"), module("b"));
        Map<String, Entry> entries = read(new BusyboxInitramfs(new byte[1]).modules("6.1", modules).build());
        assertThat(entries.get("lib/modules/6.1/modules.dep").text()).isEqualTo("c.ko: a.ko b.ko\na.ko: b.ko\nb.ko:\n");
        assertThat(entries.get("lib/modules/6.1/modules.alias").text()).contains("alias pci:a* a\n");
        assertThat(entries.get("lib/modules/6.1/a.ko").text()).isEqualTo("a");
    }

    @Test
    void circlesOfModulesEnd() throws IOException {
        List<KernelModule> modules = List.of(module("a", "b"), module("b", "a"));
        Map<String, Entry> entries = read(new BusyboxInitramfs(new byte[1]).modules("6.1", modules).build());
        assertThat(entries.get("lib/modules/6.1/modules.dep").text()).isEqualTo("a.ko: b.ko\nb.ko: a.ko\n");
    }

    @Test
    void writesDevicesAndRefusesAbsolutePaths() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (CpioWriter cpio = new CpioWriter(out)) {
            cpio.blockDevice("vda", 0660, 254, 0);
            assertThatThrownBy(() -> cpio.file("/etc/passwd", 0644, new byte[0])).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(read(out.toByteArray()).get("vda")).matches(e -> e.mode() == 0060660 && e.major() == 254);
    }

    @Test
    void whatIsNoModuleIsRefused() {
        assertThatThrownBy(() -> KernelModule.parse("x.ko", new byte[100])).isInstanceOf(IOException.class).hasMessageContaining("not an ELF");
        byte[] cut = new byte[64];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2}, 0, cut, 0, 5);
        cut[60] = 1;
        cut[58] = 64;
        cut[41] = 1;
        assertThatThrownBy(() -> KernelModule.parse("x.ko", cut)).isInstanceOf(IOException.class).hasMessageContaining("truncated");
    }
}
