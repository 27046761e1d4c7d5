package dev.quoll.devices.net.user;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/** Runs inside {@link LinuxGuest}: sends random bytes over many connections and compares what comes back. */
final class StreamClient {
    private StreamClient() {}

    static void main(String[] arguments) throws InterruptedException {
        String host = arguments[0];
        int port = Integer.parseInt(arguments[1]);
        int bytes = Integer.parseInt(arguments[3]);
        long seed = Long.parseLong(arguments[4]);
        AtomicReference<String> wrong = new AtomicReference<>();
        Thread[] threads = new Thread[Integer.parseInt(arguments[2])];
        for (int i = 0; i < threads.length; i++) {
            long own = seed + i;
            threads[i] = Thread.ofVirtual().start(() -> {
                try {
                    exchange(host, port, bytes, own);
                } catch (IOException | InterruptedException | AssertionError e) {
                    wrong.set("connection of seed " + own + ": " + e);
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (wrong.get() != null) {
            System.out.println(wrong.get());
            System.exit(1);
        }
    }

    private static void exchange(String host, int port, int bytes, long seed) throws IOException, InterruptedException {
        try (Socket socket = new Socket(host, port)) {
            Thread sender = Thread.ofVirtual().start(() -> send(socket, bytes, seed));
            InputStream in = socket.getInputStream();
            Random expected = new Random(seed);
            byte[] block = new byte[1 << 14];
            for (int done = 0; done < bytes; ) {
                int length = Math.min(block.length, bytes - done);
                byte[] got = in.readNBytes(length);
                expected.nextBytes(block);
                for (int i = 0; i < length; i++) {
                    if (i >= got.length || got[i] != (byte) ~block[i]) {
                        throw new AssertionError("byte " + (done + i) + " is wrong or missing");
                    }
                }
                done += length;
            }
            if (in.read() != -1) {
                throw new AssertionError("more than was sent");
            }
            sender.join();
        }
    }

    private static void send(Socket socket, int bytes, long seed) {
        try {
            OutputStream out = socket.getOutputStream();
            Random random = new Random(seed);
            byte[] block = new byte[1 << 14];
            for (int done = 0; done < bytes; done += block.length) {
                random.nextBytes(block);
                out.write(block, 0, Math.min(block.length, bytes - done));
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
