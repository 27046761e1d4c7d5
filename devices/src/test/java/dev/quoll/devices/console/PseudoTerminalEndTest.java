package dev.quoll.devices.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.NativeAccess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PseudoTerminalEndTest {
    @TempDir
    private Path folder;

    private final Semaphore changes = new Semaphore(0);

    private void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            assertThat(changes.tryAcquire(30, TimeUnit.SECONDS)).as("a change").isTrue();
        }
    }

    @Test
    void aProgramAtTheTerminalTalksToThePort() throws Exception {
        Assumptions.assumeTrue(NativeAccess.available() && Files.exists(Path.of("/dev/ptmx")), "no pseudo-terminals here");
        Path link = folder.resolve("tty");
        try (PseudoTerminalEnd end = new PseudoTerminalEnd(link)) {
            end.start(changes::release);
            byte[] bytes = new byte[100];
            assertThat(end.connected()).isFalse();
            assertThat(end.write(bytes, 0, 100)).as("dropped while nobody is there").isEqualTo(100);
            for (int round = 0; round < 2; round++) {
                try (RandomAccessFile terminal = new RandomAccessFile(link.toFile(), "rw")) {
                    await(end::connected);
                    terminal.write("typed\n".getBytes(StandardCharsets.US_ASCII));
                    int[] count = new int[1];
                    await(() -> (count[0] += end.read(bytes, count[0], 6 - count[0])) == 6);
                    assertThat(new String(bytes, 0, 6, StandardCharsets.US_ASCII)).isEqualTo("typed\n");
                    byte[] said = "said\n".getBytes(StandardCharsets.US_ASCII);
                    assertThat(end.write(said, 0, said.length)).isEqualTo(said.length);
                    byte[] seen = new byte[said.length];
                    terminal.readFully(seen);
                    assertThat(seen).as("raw, without echo").isEqualTo(said);
                    // Nobody reads: the terminal fills, and takes more once somebody does.
                    int taken = 1;
                    int all = 0;
                    while (taken > 0) {
                        taken = end.write(bytes, 0, 100);
                        all += taken;
                    }
                    terminal.readFully(new byte[all]);
                    await(() -> end.write(bytes, 0, 1) == 1);
                    terminal.readFully(new byte[1]);
                }
                await(() -> !end.connected());
            }
            assertThatThrownBy(() -> new PseudoTerminalEnd(link)).isInstanceOf(IOException.class);
            assertThat(link).isSymbolicLink();
        }
        assertThat(Files.isSymbolicLink(link)).isFalse();
    }
}
