package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole Debian: its disk as {@code quoll image debian} makes it, systemd, logins at the console and by ssh, and a clean end. */
@Tag("long")
@Timeout(7200)
class DebianDiskTest {
    private static final Duration BOOT = Duration.ofMinutes(20);
    private static final Duration COMMAND = Duration.ofMinutes(5);
    /** Where the root file system begins (docs/images.md). */
    private static final int ROOT_OFFSET = 16 << 20;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void makeDisk() throws Exception {
        HostPrograms.require("mmdebstrap", "mke2fs", "e2fsck", "qemu-img", "ssh", "ssh-keygen");
        host("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key");
        Process making = new ProcessBuilder(StockGuest.program("image", "debian", "--ssh-key", "key.pub", "base.qcow2"))
                .directory(folder.toFile())
                .inheritIO()
                .start();
        assertThat(making.waitFor()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void startsServesAndEndsCleanly(int cpus) throws Exception {
        Path disk = folder.resolve("cpus-%d.qcow2".formatted(cpus));
        host("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", disk.toString());
        int port = freePort();
        List<String> command = StockGuest.program("run", "--disk", disk.toString(), "--memory", "2G", "--cpus", Integer.toString(cpus),
                "--net", "user,hostfwd=tcp:127.0.0.1:%d-:22".formatted(port));
        try (GuestTerminal guest = new GuestTerminal(command)) {
            logIn(guest);
            checkHealth(guest, cpus);
            assertThat(host("ssh", "-i", "key", "-p", Integer.toString(port), "-o", "StrictHostKeyChecking=no", "-o",
                    "UserKnownHostsFile=/dev/null", "debian@127.0.0.1", "echo $((6 * 7)) on $(hostname)")).isEqualTo("42 on debian\n");
            guest.type("poweroff");
            assertThat(guest.exitStatus(BOOT)).isZero();
        }
        host("qemu-img", "check", "-q", disk.toString());
        host("qemu-img", "convert", "-O", "raw", disk.toString(), "after.raw");
        host("e2fsck", "-f", "-n", "after.raw?offset=" + ROOT_OFFSET);
        Files.delete(folder.resolve("after.raw"));
    }

    /** Ends at root's prompt, as {@link GuestTerminal#run} expects it. */
    private static void logIn(GuestTerminal guest) throws Exception {
        guest.expect("debian login: ", BOOT);
        guest.type("debian");
        guest.expect("Password: ", COMMAND);
        guest.type("debian");
        guest.expect("debian@debian:~$ ", COMMAND);
        guest.type("exec sudo env PS1='quoll:''/root# ' TERM=dumb bash --norc --noprofile");
        guest.expect(GuestTerminal.PROMPT, COMMAND);
    }

    private static void checkHealth(GuestTerminal guest, int cpus) throws Exception {
        assertThat(guest.run("systemctl is-system-running --wait", BOOT).strip()).isEqualTo("running");
        assertThat(guest.run("systemctl --failed --no-legend", COMMAND)).isEmpty();
        assertThat(guest.run("nproc", COMMAND).strip()).isEqualTo(Integer.toString(cpus));
        assertThat(guest.run("journalctl -q -b -p err --no-pager", COMMAND)).isEmpty();
        // Thousands of lines through shared memory, hash tables and sockets.
        guest.run("seq 3000 | systemd-cat -t count; journalctl --sync", COMMAND);
        assertThat(guest.run("journalctl -q -b -t count -o cat --no-pager | md5sum", COMMAND))
                .isEqualTo(guest.run("seq 3000 | md5sum", COMMAND));
        guest.run("journalctl --verify", COMMAND);
        assertThat(guest.run("journalctl -q -b --no-pager | grep -i corrupt | wc -l", COMMAND).strip()).isEqualTo("0");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String host(String... command) throws IOException, InterruptedException {
        return HostPrograms.outputOf(folder, Map.of(), List.of(command));
    }
}
