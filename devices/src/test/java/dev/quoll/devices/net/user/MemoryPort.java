package dev.quoll.devices.net.user;

import dev.quoll.devices.net.NetworkBackend;
import dev.quoll.devices.net.NetworkFrame;
import dev.quoll.devices.net.NetworkPort;
import dev.quoll.devices.net.Offloads;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A card whose guest is a test: frames go in and come out as byte arrays. */
final class MemoryPort implements NetworkPort {
    private final Offloads accepts;
    private final ConcurrentLinkedQueue<byte[]> toNetwork = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<byte[]> toGuest = new LinkedBlockingQueue<>();
    private NetworkBackend backend;
    volatile String failure;
    /** Room for so many more frames; less than 0 for any number. */
    volatile int room = -1;

    MemoryPort(Offloads accepts) {
        this.accepts = accepts;
    }

    MemoryPort use(NetworkBackend network) {
        backend = network;
        network.start(this, "network-under-test");
        return this;
    }

    void send(byte[] frame) {
        toNetwork.add(frame);
        backend.wake();
    }

    /** The next frame for the guest. */
    byte[] receive() throws InterruptedException {
        byte[] frame = toGuest.poll(10, TimeUnit.SECONDS);
        if (frame == null) {
            throw new AssertionError("no frame within 10 s" + (failure == null ? "" : "; " + failure));
        }
        return frame;
    }

    /** Returns when all that was sent has been taken. */
    void settle() throws InterruptedException {
        while (!toNetwork.isEmpty() && failure == null) {
            Thread.sleep(1);
        }
    }

    int waiting() {
        return toGuest.size();
    }

    void forget() {
        toGuest.clear();
    }

    @Override
    public Offloads accepts() {
        return accepts;
    }

    @Override
    public boolean take(NetworkFrame frame) {
        byte[] next = toNetwork.poll();
        if (next == null) {
            return false;
        }
        System.arraycopy(next, 0, frame.bytes(), 0, next.length);
        frame.setPlain(next.length);
        return true;
    }

    @Override
    public boolean offer(NetworkFrame frame) {
        if (room == 0) {
            return false;
        }
        toGuest.add(Arrays.copyOf(frame.bytes(), frame.length()));
        return true;
    }

    @Override
    public void flush() { }

    @Override
    public boolean arm() {
        return !toNetwork.isEmpty();
    }

    @Override
    public void linkChanged(boolean up) { }

    @Override
    public void failed(String reason) {
        failure = reason;
    }
}
