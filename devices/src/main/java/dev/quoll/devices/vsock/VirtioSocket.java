package dev.quoll.devices.vsock;

import dev.quoll.devices.host.UnixListener;
import dev.quoll.devices.virtio.ConfigBytes;
import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.QueueWorker;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The socket device (section 5.10), with the host's side as Firecracker has it (docs/vsock.md there): a program of the host connects to a
 * Unix socket, writes {@code CONNECT <port>} and a newline, and reads {@code OK <port>} when a program of the guest has accepted; a guest's
 * connection to port P of the host (CID 2) comes out of the Unix socket whose name is that of the first with {@code _P} behind it.
 *
 * <p>Threat: a guest reaches what listens on Unix sockets of that name pattern and nothing else; the folder's permissions say who on the
 * host may listen there or connect. Headers are checked, bytes in flight are bounded by the credit given for each connection, and the
 * numbers of connections and of answers waiting for a guest that takes none are bounded. A guest that sends more than it has credit for
 * loses the connection. Host programs that send no request hold a connection until they go.
 */
public final class VirtioSocket implements VirtioDevice<VirtioSocket.State>, AutoCloseable {
    /** Connections do not outlive a snapshot: the guest is told so after a restore. @param guestCid the guest's address */
    public record State(long guestCid) {}

    /** Addresses below are reserved (section 5.10.4). */
    public static final long FIRST_CID = 3;

    private static final int DEVICE_ID = 19;
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int EVENT = 2;
    private static final int QUEUES = 3;
    private static final int QUEUE_SIZE = 256;

    private final Path path;
    private final GuestMemory memory;
    private final ServerSocketChannel listener;
    private final byte[] packet = new byte[VsockPacket.HEADER + VsockHost.MAX_PAYLOAD];
    private final byte[] header = new byte[VsockPacket.HEADER];
    private volatile long guestCid;
    private volatile QueueWorker worker;
    private VsockHost host;
    /** VIRTIO_VSOCK_EVENT_TRANSPORT_RESET is due. */
    private boolean resetDue;

    /**
     * Opens the socket for connections to the guest.
     *
     * @param guestCid the guest's address, {@link #FIRST_CID} to 2^32 - 2
     * @param path free, or left by a process that was killed; removed by {@link #close}
     * @throws IOException when it cannot be made; one sentence
     */
    public VirtioSocket(long guestCid, Path path, GuestMemory memory) throws IOException {
        requireCid(guestCid);
        this.guestCid = guestCid;
        this.path = path;
        this.memory = memory;
        listener = UnixListener.open(path, "the vsock's socket");
    }

    /** @throws IllegalArgumentException with a sentence, when it is no address of a guest */
    public static void requireCid(long cid) {
        if (cid < FIRST_CID || cid >= 0xffff_ffffL) {
            throw new IllegalArgumentException("a guest's CID is at least %d and below 4294967295, not %d".formatted(FIRST_CID, cid));
        }
    }

    @Override
    public String name() {
        return "vsock0";
    }

    @Override
    public int deviceId() {
        return DEVICE_ID;
    }

    @Override
    public long features() {
        return 0;
    }

    @Override
    public int queues() {
        return QUEUES;
    }

    @Override
    public int queueSize(int queue) {
        return QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return Long.BYTES;
    }

    @Override
    public long readConfig(int offset, int width) {
        byte[] bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(guestCid).array();
        return ConfigBytes.read(bytes, offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        // Nothing in it can be written.
    }

    @Override
    public void start(VirtioQueues queues) {
        try {
            host = new VsockHost(guestCid, path, listener, this::wake);
        } catch (IOException e) {
            queues.needsReset("the host's sockets cannot be watched: " + e.getMessage());
            return;
        }
        worker = new QueueWorker(
                "quoll-vsock0", memory, queues, this::handle, queues.queue(TX), queues.queue(RX), queues.queue(EVENT));
        host.start();
    }

    private void wake() {
        QueueWorker running = worker;
        if (running != null) {
            running.wake();
        }
    }

    private boolean handle(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        return switch (queue.index()) {
            case TX -> transmit(queue, chain);
            case RX -> receive(queue, chain);
            default -> event(queue, chain);
        };
    }

    private boolean transmit(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        if (!host.hasRoom()) {
            return false;
        }
        if (chain.read(header, 0, VsockPacket.HEADER) == VsockPacket.HEADER) {
            VsockPacket sent = VsockPacket.fromGuest(header);
            long present = chain.readableLength() - VsockPacket.HEADER;
            byte[] payload = null;
            if (sent.length() >= 0 && sent.length() <= present && sent.length() <= VsockConnection.BUFFER) {
                payload = new byte[sent.length()];
                chain.read(payload, 0, payload.length);
            }
            host.fromGuest(sent, payload);
        }
        queue.complete(chain, 0);
        return true;
    }

    private boolean receive(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        if (chain.writableLength() < VsockPacket.HEADER) {
            throw new VirtqueueException("a buffer for a packet has %d bytes, fewer than a header".formatted(chain.writableLength()));
        }
        int length = host.toGuest(packet, (int) Math.min(chain.writableLength(), packet.length));
        if (length == 0) {
            return false;
        }
        chain.write(packet, 0, length);
        queue.complete(chain, length);
        return true;
    }

    private boolean event(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        if (!resetDue) {
            return false;
        }
        resetDue = false;
        queue.complete(chain, chain.write(new byte[Integer.BYTES], 0, Integer.BYTES));
        return true;
    }

    @Override
    public void notified(int queue) {
        QueueWorker running = worker;
        if (running != null) {
            running.notified();
        }
    }

    @Override
    public void stop() {
        if (worker != null) {
            worker.stop();
            worker = null;
        }
        if (host != null) {
            host.stop();
            host = null;
        }
        resetDue = false;
    }

    @Override
    public State save() {
        return new State(guestCid);
    }

    @Override
    public void restore(State state) {
        guestCid = state.guestCid();
        resetDue = true;
    }

    @Override
    public void quiesce() {
        if (worker != null) {
            worker.quiesce();
        }
    }

    /** Stops it and removes the socket. */
    @Override
    public void close() throws IOException {
        stop();
        listener.close();
        Files.deleteIfExists(path);
    }
}
