package dev.quoll.benchmarks.boot;

import dev.quoll.boot.initramfs.CpioWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A root file system whose first process says so and powers the machine off: a static busybox and five lines of shell. */
final class BenchmarkInitramfs {
    /** The line that ends the measurement. */
    static final String MARKER = "quoll-bench: the first process runs";

    private static final String INIT =
            """
            #!/bin/busybox sh
            echo
            echo "%s"
            /bin/busybox poweroff -f
            """
                    .formatted(MARKER);

    private BenchmarkInitramfs() {}

    static byte[] build(byte[] busybox) throws IOException {
        ByteArrayOutputStream archive = new ByteArrayOutputStream(busybox.length + 4096);
        try (CpioWriter cpio = new CpioWriter(archive)) {
            cpio.directory("bin", 0755);
            cpio.directory("dev", 0755);
            // The kernel opens it for the first process.
            cpio.characterDevice("dev/console", 0600, 5, 1);
            cpio.file("bin/busybox", 0755, busybox);
            cpio.file("init", 0755, INIT.getBytes(StandardCharsets.UTF_8));
        }
        return archive.toByteArray();
    }
}
