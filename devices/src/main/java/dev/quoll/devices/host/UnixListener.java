package dev.quoll.devices.host;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Unix sockets of the host to which others connect. */
public final class UnixListener {
    private UnixListener() {}

    /**
     * A non-blocking listener at {@code path}, which must be free. A socket that nobody listens to any more, because its process
     * was killed, is taken away.
     *
     * @param subject what it is for, the beginning of the sentence when it cannot be made
     * @throws IOException one sentence
     */
    public static ServerSocketChannel open(Path path, String subject) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            if (!deserted(path)) {
                throw new IOException("%s %s exists already: another machine uses it, or it is no socket".formatted(subject, path));
            }
            Files.deleteIfExists(path);
        }
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.configureBlocking(false);
            listener.bind(UnixDomainSocketAddress.of(path));
            return listener;
        } catch (IOException | UnsupportedOperationException e) {
            listener.close();
            throw new IOException("%s %s cannot be made: %s".formatted(subject, path, e.getMessage()), e);
        }
    }

    private static boolean deserted(Path path) throws IOException {
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
            return false;
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
            return false;
        } catch (ConnectException _) {
            return true; // ECONNREFUSED: nobody listens
        } catch (IOException _) {
            return false; // a full queue, or no permission: somebody may listen
        }
    }
}
