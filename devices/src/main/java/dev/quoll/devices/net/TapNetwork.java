package dev.quoll.devices.net;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.file.EventCounter;
import dev.quoll.bindings.file.Polling;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.network.TapInterface;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** A tap interface of the host behind a card: whatever the host does with it, bridging or routing. */
public final class TapNetwork implements NetworkBackend {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int FRAMES_A_TURN = 64;
    private static final int FULL_WAIT_MILLIS = 1;

    private final TapInterface tap;
    private final int mtu;
    private final EventCounter event;
    private final Polling both;
    private final Polling eventOnly;
    private final MemorySegment in = Arena.ofAuto().allocate(TapInterface.HEADER + NetworkFrame.MAX_LENGTH);
    private final MemorySegment out = Arena.ofAuto().allocate(TapInterface.HEADER + NetworkFrame.MAX_LENGTH);
    private final NetworkFrame toGuest = new NetworkFrame();
    private final NetworkFrame fromGuest = new NetworkFrame();
    private volatile boolean stopping;
    private volatile boolean woken;
    private Thread thread;
    private NetworkPort port;

    /**
     * Opens the interface.
     *
     * @param name of the interface; made when it does not exist and the process may
     * @param mtu of the interface, as the guest is to be told
     * @throws IOException when the host refuses; one sentence, with what helps
     */
    public TapNetwork(String name, int mtu) throws IOException {
        this.mtu = mtu;
        try {
            tap = TapInterface.open(name);
            event = EventCounter.create();
        } catch (NativeException | NativeUnavailableException | IllegalArgumentException e) {
            // The caller's messages have no full stop of their own.
            throw new IOException(e.getMessage().replaceFirst("\\.$", ""), e);
        }
        both = new Polling(List.of(event.descriptor(), tap.descriptor()), linux_h.POLLIN());
        eventOnly = new Polling(List.of(event.descriptor()), linux_h.POLLIN());
    }

    /** Name of the interface. */
    public String interfaceName() {
        return tap.name();
    }

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
        return mtu;
    }

    @Override
    public void start(NetworkPort newPort, String threadName) {
        port = newPort;
        stopping = false;
        Offloads guest = newPort.accepts();
        tap.setOffload(guest.checksum(), guest.tcp4(), guest.tcp6());
        thread = Thread.ofPlatform().daemon().name(threadName).start(this::run);
    }

    @Override
    public void wake() {
        if (!woken) {
            woken = true;
            event.signal();
        }
    }

    @Override
    public void stop() {
        Thread running = thread;
        if (running == null) {
            return;
        }
        stopping = true;
        event.signal();
        boolean interrupted = false;
        while (running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        thread = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
        event.close();
        tap.close();
    }

    private void run() {
        try {
            // What came for the guest before this driver is not for it.
            while (!stopping && read()) { }
            long unwritten = 0;
            boolean unread = false;
            while (!stopping) {
                event.drain();
                woken = false;
                int frames = 0;
                while (frames < FRAMES_A_TURN && (unwritten > 0 || port.take(fromGuest))) {
                    unwritten = unwritten > 0 ? unwritten : encode();
                    if (!write(unwritten)) {
                        break;
                    }
                    unwritten = 0;
                    frames++;
                }
                int received = 0;
                while (received < FRAMES_A_TURN && (unread || read())) {
                    unread = !port.offer(toGuest);
                    if (unread) {
                        break;
                    }
                    received++;
                }
                port.flush();
                if (unwritten > 0) {
                    eventOnly.await(FULL_WAIT_MILLIS);
                } else if (frames < FRAMES_A_TURN && received < FRAMES_A_TURN && !port.arm()) {
                    (unread ? eventOnly : both).await(-1);
                }
            }
        } catch (NativeException e) {
            port.linkChanged(false);
            port.failed(e.getMessage());
        }
    }

    /** Writes the frame laid out. @return false when the host has no room for it */
    private boolean write(long length) {
        try {
            return tap.descriptor().write(out.asSlice(0, length)) >= 0;
        } catch (NativeException e) {
            if (e.is(Errno.EINVAL) || e.is(Errno.EIO)) {
                // A header that makes no sense, or an interface that is down: the frame is lost, as on a wire.
                return true;
            }
            throw e;
        }
    }

    /** Reads a frame of the host. @return false when there is none */
    private boolean read() {
        long count = tap.descriptor().read(in);
        if (count < TapInterface.HEADER) {
            return false;
        }
        int length = (int) count - TapInterface.HEADER;
        MemorySegment.copy(in, ValueLayout.JAVA_BYTE, TapInterface.HEADER, toGuest.bytes(), 0, length);
        toGuest.setLength(length);
        toGuest.setOffload(
                in.get(ValueLayout.JAVA_BYTE, 0) & 0xff,
                in.get(ValueLayout.JAVA_BYTE, 1) & 0xff,
                in.get(SHORT, 2) & 0xffff,
                in.get(SHORT, 4) & 0xffff,
                in.get(SHORT, 6) & 0xffff,
                in.get(SHORT, 8) & 0xffff);
        return true;
    }

    /** Lays out a frame of the guest for the host. @return bytes */
    private long encode() {
        out.set(ValueLayout.JAVA_BYTE, 0, (byte) fromGuest.flags());
        out.set(ValueLayout.JAVA_BYTE, 1, (byte) fromGuest.gsoType());
        out.set(SHORT, 2, (short) fromGuest.headerLength());
        out.set(SHORT, 4, (short) fromGuest.gsoSize());
        out.set(SHORT, 6, (short) fromGuest.checksumStart());
        out.set(SHORT, 8, (short) fromGuest.checksumOffset());
        out.set(SHORT, 10, (short) 0);
        MemorySegment.copy(fromGuest.bytes(), 0, out, ValueLayout.JAVA_BYTE, TapInterface.HEADER, fromGuest.length());
        return TapInterface.HEADER + fromGuest.length();
    }
}
