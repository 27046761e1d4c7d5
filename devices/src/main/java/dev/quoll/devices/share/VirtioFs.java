package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.devices.virtio.ConfigBytes;
import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.QueueWorker;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestMemory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * virtio-fs (section 5.11): a folder of the host as a file system of the guest's. {@code mount -t virtiofs TAG /mnt}.
 *
 * <p>Threat: a hostile guest may read and, unless the share is read-only, change everything in the folder, fill the disk it is on, and put
 * symbolic links into it that lead programs <em>of the host</em> astray. It shall reach nothing outside. Names are single components, never
 * {@code ..}; symbolic links are read for the guest and never followed here; special files are neither made nor opened; set-ID bits are
 * neither stored nor shown. On Linux every step from the shared folder down goes from one held folder to the next without following links
 * ({@link HeldFolders}), so that not even a race with another guest or process that writes to the folder leads out of it; hard links to
 * outside files, which only another user of the host can make, are files of the folder. On other hosts and other file systems each step is
 * looked at before use ({@link WalkedFolders}), and such a race could lead out. Inodes, handles, folders held, sizes of requests and of
 * answers are bounded; a listing is read from the host piece by piece. One thread serves all requests: a slow disk delays the share and
 * nothing else.
 */
public final class VirtioFs implements VirtioDevice<ShareState>, AutoCloseable {
    /** Longest name of a share, in bytes of UTF-8. */
    public static final int MAX_TAG = 36;

    private static final int DEVICE_ID = 26;
    private static final int HIGH_PRIORITY = 0;
    private static final int REQUESTS = 1;
    private static final int QUEUES = 2;
    /** A request of 1 MiB takes 256 pages and its headers; the driver takes the size as its limit. */
    private static final int QUEUE_SIZE = 1024;

    private final String name;
    private final byte[] config;
    private final GuestMemory memory;
    private final FuseServer server;
    private volatile QueueWorker worker;

    /**
     * @param name unique on the board
     * @param tag how the guest names the share, 1 to {@link #MAX_TAG} bytes
     * @param folder what is shared; of any file system
     * @throws IOException when it is not a folder or cannot be opened; one sentence
     * @throws IllegalArgumentException when the tag is empty or too long
     */
    public VirtioFs(String name, String tag, Path folder, boolean readOnly, Ownership ownership, GuestMemory memory)
            throws IOException {
        byte[] bytes = requireTag(tag);
        this.name = name;
        this.memory = memory;
        config = Arrays.copyOf(bytes, MAX_TAG + Integer.BYTES);
        config[MAX_TAG] = 1; // num_request_queues
        if (!Files.isDirectory(folder)) {
            throw new IOException("the folder to share, %s, %s".formatted(folder, Files.exists(folder) ? "is no folder" : "does not exist"));
        }
        try {
            server = new FuseServer(new Share(new SharedTree(folder), ownership), readOnly);
        } catch (NativeException e) {
            throw new IOException(
                    "the folder to share, %s, cannot be opened: %s"
                            .formatted(folder, Errno.of(e.errno()).map(Errno::meaning).orElse("error " + e.errno())),
                    e);
        }
    }

    /** The bytes of a tag. @throws IllegalArgumentException with a sentence, when there are too many or none */
    public static byte[] requireTag(String tag) {
        byte[] bytes = tag.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > MAX_TAG) {
            throw new IllegalArgumentException("the tag of a share has 1 to %d bytes, not %d".formatted(MAX_TAG, bytes.length));
        }
        return bytes;
    }

    @Override
    public String name() {
        return name;
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
        return config.length;
    }

    @Override
    public long readConfig(int offset, int width) {
        return ConfigBytes.read(config, offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        // Nothing in it can be written.
    }

    @Override
    public void start(VirtioQueues queues) {
        worker = new QueueWorker(
                "quoll-" + name, memory, queues, this::handle, queues.queue(HIGH_PRIORITY), queues.queue(REQUESTS));
    }

    private boolean handle(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        server.serve(chain);
        queue.complete(chain, chain.written());
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
        try {
            server.reset();
        } catch (IOException e) {
            // Files are closed all the same; what the host could not write it has told the guest's writes and fsyncs, or nobody.
            System.getLogger(VirtioFs.class.getName()).log(System.Logger.Level.WARNING, "closing files of " + name, e);
        }
    }

    @Override
    public ShareState save() {
        return ShareStates.save(server);
    }

    @Override
    public void restore(ShareState state) {
        try {
            ShareStates.restore(server, state);
        } catch (IOException e) {
            throw new IllegalArgumentException("the saved state of %s does not fit together: %s".formatted(name, e.getMessage()), e);
        }
    }

    @Override
    public void quiesce() {
        if (worker != null) {
            worker.quiesce();
        }
    }

    /** Stops it and lets go of the folder. */
    @Override
    public void close() throws IOException {
        stop();
        server.share().close();
    }
}
