package dev.quoll.devices.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixListenerTest {
    @TempDir
    private Path folder;

    @Test
    void aSocketWhoseProcessWasKilledIsTakenAway() throws IOException {
        Path path = folder.resolve("left");
        // Closing the descriptor leaves the name, as the end of the process does.
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(path))
                .close();
        assertThat(path).exists();
        try (ServerSocketChannel listener = UnixListener.open(path, "the socket");
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            assertThat(client.isConnected()).isTrue();
            assertThat(listener.accept()).isNotNull();
        }
    }

    @Test
    void aSocketInUseAndAPlainFileStay() throws IOException {
        Path used = folder.resolve("used");
        try (ServerSocketChannel listener = UnixListener.open(used, "the socket")) {
            assertThat(listener.isOpen()).isTrue();
            assertThatThrownBy(() -> UnixListener.open(used, "the socket"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the socket " + used + " exists already: another machine uses it, or it is no socket");
        }
        Path file = Files.writeString(folder.resolve("file"), "mine");
        assertThatThrownBy(() -> UnixListener.open(file, "the socket")).isInstanceOf(IOException.class);
        assertThat(file).hasContent("mine");
    }

    @Test
    void aFolderThatIsNotThereIsTold() {
        assertThatThrownBy(() -> UnixListener.open(folder.resolve("no/where"), "the socket"))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("the socket " + folder + "/no/where cannot be made: ");
    }
}
