package dev.quoll.benchmarks.debian;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** The other end of the guest's connections, on the host's loopback: one port takes bytes, one gives 100 MiB. */
final class NetworkPeer implements AutoCloseable {
    private static final int CHUNK = 1 << 20;
    private static final int CHUNKS = 100;

    private interface Service {
        void serve(Socket socket) throws IOException;
    }

    private final ServerSocket sink;
    private final ServerSocket source;

    NetworkPeer() throws IOException {
        sink = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        source = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        serve(sink, NetworkPeer::take);
        serve(source, NetworkPeer::give);
    }

    int sinkPort() {
        return sink.getLocalPort();
    }

    int sourcePort() {
        return source.getLocalPort();
    }

    private static void serve(ServerSocket server, Service service) {
        Thread.ofPlatform().daemon().name("bench-network").start(() -> {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    service.serve(socket);
                } catch (IOException e) {
                    // The guest has gone, or the measurement is over: its figure is missing then.
                    continue;
                }
            }
        });
    }

    private static void take(Socket socket) throws IOException {
        byte[] bytes = new byte[CHUNK];
        InputStream in = socket.getInputStream();
        while (in.read(bytes) >= 0) {
            Thread.onSpinWait();
        }
    }

    private static void give(Socket socket) throws IOException {
        byte[] bytes = new byte[CHUNK];
        OutputStream out = socket.getOutputStream();
        for (int i = 0; i < CHUNKS; i++) {
            out.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        try (sink;
                source) {
            sink.close();
        }
    }
}
