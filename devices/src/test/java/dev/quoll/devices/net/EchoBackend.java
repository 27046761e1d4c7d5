package dev.quoll.devices.net;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/** A back-end that gives every frame back to the guest, as it came. */
final class EchoBackend implements NetworkBackend {
    final List<byte[]> taken = new CopyOnWriteArrayList<>();
    private final NetworkFrame frame = new NetworkFrame();
    private volatile boolean stopping;
    private volatile boolean woken;
    private volatile NetworkPort port;
    private Thread thread;

    @Override
    public Offloads accepts() {
        return Offloads.ALL;
    }

    @Override
    public Offloads provides() {
        return Offloads.ALL;
    }

    @Override
    public int mtu() {
        return 1500;
    }

    /** The card's port, to act on it as a back-end does. */
    NetworkPort port() {
        return port;
    }

    @Override
    public void start(NetworkPort newPort, String threadName) {
        port = newPort;
        stopping = false;
        thread = Thread.ofPlatform().daemon().name(threadName).start(this::run);
    }

    private void run() {
        boolean held = false;
        while (!stopping) {
            woken = false;
            while (held || port.take(frame)) {
                if (!held) {
                    taken.add(Arrays.copyOf(frame.bytes(), frame.length()));
                }
                held = !port.offer(frame);
                if (held) {
                    break;
                }
            }
            port.flush();
            if (!port.arm() || held) {
                while (!woken && !stopping) {
                    LockSupport.park(this);
                }
            }
        }
    }

    @Override
    public void wake() {
        woken = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void stop() {
        stopping = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread != null && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
    }
}
