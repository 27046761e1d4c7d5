package dev.quoll.devices.host;

import dev.quoll.devices.serial.Uart16550;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.function.IntPredicate;

/**
 * Carries an {@link InputStream} (a terminal, a pipe) to a serial port's receiver from a daemon thread, waiting when
 * the receiver is full. Ends with the stream.
 */
public final class InputFeeder implements AutoCloseable {
    private final Semaphore room = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closed;
    private volatile IOException failure;

    /**
     * Starts the thread.
     *
     * @param filter sees each byte (0-255) first and takes it for itself by answering true, as an escape key does
     */
    public InputFeeder(InputStream stream, Uart16550 port, IntPredicate filter, String threadName) {
        port.whenReceiverReady(room::release);
        thread = Thread.ofPlatform().daemon().name(threadName).start(() -> carry(stream, port, filter));
    }

    /** Why input ended early, or null. */
    public IOException failure() {
        return failure;
    }

    private void carry(InputStream stream, Uart16550 port, IntPredicate filter) {
        byte[] buffer = new byte[256];
        try {
            for (int count = stream.read(buffer); count >= 0 && !closed; count = stream.read(buffer)) {
                int kept = 0;
                for (int i = 0; i < count; i++) {
                    if (!filter.test(buffer[i] & 0xff)) {
                        buffer[kept++] = buffer[i];
                    }
                }
                feed(port, buffer, kept);
            }
        } catch (IOException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void feed(Uart16550 port, byte[] buffer, int length) throws InterruptedException {
        int done = 0;
        while (done < length && !closed) {
            room.drainPermits();
            done += port.feed(buffer, done, length - done);
            if (done < length) {
                room.acquire();
            }
        }
    }

    /** Stops feeding; the thread ends at once if it waits for the guest, else with the stream's next byte or end. */
    @Override
    public void close() {
        closed = true;
        room.release();
    }
}
