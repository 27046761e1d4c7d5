package dev.quoll.devices.net.user;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** The host's side of a simulated connection: has bytes to give, a bit at a time, and takes bytes when it likes to. */
final class SimulatedHost implements HostStream {
    private final TcpSimulation simulation;
    private final TcpSimulation.Side side;
    private final Random random;
    byte[] toSend = new byte[0];
    private int sent;
    private int available;
    private byte[] received = new byte[1 << 16];
    private int receivedCount;
    boolean ended;
    boolean aborted;
    boolean closed;
    /** Whether it takes nothing at the moment. */
    boolean stuck;
    /** Whether it reports the end behind its last byte. */
    boolean ends = true;
    private boolean wantsRead;
    private boolean wantsWrite;
    private boolean scheduled;

    SimulatedHost(TcpSimulation simulation, TcpSimulation.Side side, Random random) {
        this.simulation = simulation;
        this.side = side;
        this.random = random;
    }

    byte[] received() {
        return Arrays.copyOf(received, receivedCount);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (aborted) {
            throw new IOException("reset");
        }
        int count = Math.min(Math.min(target.remaining(), available), toSend.length - sent);
        if (count == 0) {
            return sent == toSend.length && ends ? -1 : 0;
        }
        target.put(toSend, sent, count);
        sent += count;
        available -= count;
        return count;
    }

    @Override
    public int write(ByteBuffer source) {
        if (closed) {
            throw new AssertionError("written after the close");
        }
        int count = stuck ? 0 : Math.min(source.remaining(), random.nextInt(4) == 0 ? random.nextInt(5000) : source.remaining());
        while (receivedCount + count > received.length) {
            received = Arrays.copyOf(received, received.length * 2);
        }
        source.get(received, receivedCount, count);
        receivedCount += count;
        return count;
    }

    @Override
    public void shutdownOutput() {
        if (ended) {
            throw new AssertionError("ended twice");
        }
        ended = true;
    }

    @Override
    public void interest(boolean read, boolean write) {
        wantsRead = read;
        wantsWrite = write;
        schedule();
    }

    void schedule() {
        if (!scheduled && !closed && (wantsRead || wantsWrite && !stuck)) {
            scheduled = true;
            simulation.at(random.nextInt(200_000), this::event);
        }
    }

    private void event() {
        scheduled = false;
        if (closed) {
            return;
        }
        if (wantsWrite && !stuck) {
            side.connection.hostWritable();
        }
        boolean more = sent < toSend.length || ends;
        if (wantsRead && more && !closed) {
            available += random.nextInt(60_000) + 1;
            side.connection.hostReadable();
        }
        if (more) {
            schedule();
        }
    }

    @Override
    public void close(boolean abort) {
        closed = true;
        aborted |= abort;
    }
}
