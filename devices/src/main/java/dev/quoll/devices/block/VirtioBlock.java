package dev.quoll.devices.block;

import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.QueueWorker;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.TimerQueue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The virtio block device (section 5.2) in front of a {@link DiskImage}. Every queue has a thread, which does one request at a time;
 * no vCPU waits for the host's disk.
 *
 * <p>Threat: a request is held to the disk's size and to whole sectors; its data goes through a buffer of
 * {@value BlockRequests#BUFFER_LENGTH} bytes per queue whatever its length, so a guest costs the host no more memory than that, and
 * cannot change data between check and use. Errors of the host go to the guest as I/O errors, and in words to the user, at most one
 * every few seconds.
 */
public final class VirtioBlock implements VirtioDevice<VirtioBlock.State> {
    /** Most queues of a disk. */
    public static final int MAX_QUEUES = 64;
    /** Longest serial number in bytes, as the guest's request for it has room for. */
    public static final int SERIAL_LENGTH = 20;
    /** Bytes of a sector. */
    public static final int SECTOR = 512;

    static final int MAX_SEGMENTS = 16;
    /** 2 GiB and 64 MiB: what one request may cost in time. */
    static final int MAX_DISCARD_SECTORS = 1 << 22;

    static final int MAX_ZERO_SECTORS = 1 << 17;

    /** Feature bits (section 5.2.3). */
    static final int SEG_MAX = 2;

    static final int READ_ONLY = 5;
    static final int BLOCK_SIZE = 6;
    static final int FLUSH = 9;
    static final int TOPOLOGY = 10;
    static final int CONFIG_WRITE_CACHE = 11;
    static final int MULTIPLE_QUEUES = 12;
    static final int DISCARD = 13;
    static final int WRITE_ZEROES = 14;

    private static final int DEVICE_ID = 2;
    private static final int QUEUE_SIZE = 256;
    /** Configuration space (section 5.2.4). */
    private static final int CONFIG_LENGTH = 60;

    private static final int WRITE_CACHE_OFFSET = 32;
    /** Hosts have sectors of 4 KiB behind whatever they say; guests that align to them are faster. */
    private static final int PHYSICAL_BLOCK_EXPONENT = 3;

    /**
     * What is to be said of a disk beside its content.
     *
     * @param name of the device: {@code disk0}
     * @param serial printable ASCII, at most {@link #SERIAL_LENGTH} characters
     * @param queues 1 to {@link #MAX_QUEUES}
     * @param limits of reads and writes together
     */
    public record Options(String name, String serial, int queues, RateLimiter.Limits limits) {
        public Options {
            if (queues < 1 || queues > MAX_QUEUES) {
                throw new IllegalArgumentException("a disk has 1 to %d queues, not %d".formatted(MAX_QUEUES, queues));
            }
            if (serial.length() > SERIAL_LENGTH || !serial.matches("[ -~]*")) {
                throw new IllegalArgumentException(
                        "a disk's serial number has at most %d printable ASCII characters".formatted(SERIAL_LENGTH));
            }
        }
    }

    /** @param writeBack whether the driver has the write cache on */
    public record State(boolean writeBack) {}

    private final DiskImage image;
    private final Options options;
    private final GuestMemory memory;
    private final RateLimiter limiter;
    private final Consumer<String> notices;
    private final ByteBuffer config;
    private volatile boolean writeBack = true;
    /** Made at the first start, with a buffer each, and kept: a guest may reset its disk as often as it likes. */
    private BlockRequests[] requests;
    /** Empty while stopped. */
    private volatile QueueWorker[] workers = {};

    /**
     * A disk over an image, which the caller closes after the device has been stopped.
     *
     * @param notices takes a sentence when the host refuses a request
     */
    public VirtioBlock(
            DiskImage image,
            Options options,
            GuestMemory memory,
            GuestClock clock,
            TimerQueue timers,
            Consumer<String> notices) {
        this.image = image;
        this.options = options;
        this.memory = memory;
        this.notices = notices;
        limiter = new RateLimiter(options.limits, clock, timers, this::wakeAll);
        config = ByteBuffer.allocate(CONFIG_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        config.putInt(12, QUEUE_SIZE - 2)
                .putInt(20, SECTOR)
                .put(24, (byte) PHYSICAL_BLOCK_EXPONENT)
                .putShort(26, (short) (1 << PHYSICAL_BLOCK_EXPONENT))
                .putShort(34, (short) options.queues)
                .putInt(36, MAX_DISCARD_SECTORS)
                .putInt(40, MAX_SEGMENTS)
                .putInt(44, 1 << PHYSICAL_BLOCK_EXPONENT)
                .putInt(48, MAX_ZERO_SECTORS)
                .putInt(52, MAX_SEGMENTS)
                .put(56, (byte) 1);
    }

    @Override
    public String name() {
        return options.name;
    }

    @Override
    public int deviceId() {
        return DEVICE_ID;
    }

    @Override
    public long features() {
        long both = 1L << SEG_MAX | 1L << BLOCK_SIZE | 1L << FLUSH | 1L << TOPOLOGY | 1L << CONFIG_WRITE_CACHE;
        long queues = options.queues > 1 ? 1L << MULTIPLE_QUEUES : 0;
        return both | queues | (image.readOnly() ? 1L << READ_ONLY : 1L << DISCARD | 1L << WRITE_ZEROES);
    }

    @Override
    public int queues() {
        return options.queues;
    }

    @Override
    public int queueSize(int queue) {
        return QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return CONFIG_LENGTH;
    }

    /** Whole sectors of the disk; a last piece of one is out of the guest's reach. */
    private long sectors() {
        return image.size() / SECTOR;
    }

    @Override
    public long readConfig(int offset, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= configByte(offset + i) << 8 * i;
        }
        return value;
    }

    private long configByte(int at) {
        if (at < Long.BYTES) {
            return sectors() >>> 8 * at & 0xff;
        }
        return at == WRITE_CACHE_OFFSET ? (writeBack ? 1 : 0) : config.get(at) & 0xff;
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        if (offset == WRITE_CACHE_OFFSET && width == 1) {
            writeBack = (value & 1) != 0;
        }
    }

    @Override
    public void start(VirtioQueues queues) {
        if (requests == null) {
            BlockRequests.Disk disk = new BlockRequests.Disk(image, name(), identity(), limiter, notices);
            requests = new BlockRequests[options.queues];
            Arrays.setAll(requests, _ -> new BlockRequests(disk));
        }
        QueueWorker[] made = new QueueWorker[options.queues];
        for (int i = 0; i < made.length; i++) {
            requests[i].begin(() -> writeThrough(queues));
            made[i] = new QueueWorker(
                    "quoll-%s-%d".formatted(name(), i), memory, queues, requests[i]::handle, queues.queue(i));
        }
        workers = made;
    }

    /** Without flushes, or with its cache off, a guest counts on data being on stable storage when a write has ended (5.2.6.2). */
    private boolean writeThrough(VirtioQueues queues) {
        return !queues.has(FLUSH) || queues.has(CONFIG_WRITE_CACHE) && !writeBack;
    }

    private byte[] identity() {
        byte[] padded = new byte[SERIAL_LENGTH];
        byte[] serial = options.serial.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(serial, 0, padded, 0, serial.length);
        return padded;
    }

    @Override
    public void notified(int queue) {
        QueueWorker[] now = workers;
        if (queue < now.length) {
            now[queue].notified();
        }
    }

    private void wakeAll() {
        for (QueueWorker worker : workers) {
            worker.wake();
        }
    }

    @Override
    public void stop() {
        limiter.cancel();
        for (QueueWorker worker : workers) {
            worker.stop();
        }
        workers = new QueueWorker[0];
        writeBack = true;
    }

    @Override
    public State save() {
        return new State(writeBack);
    }

    @Override
    public void restore(State state) {
        writeBack = state.writeBack;
    }

    @Override
    public void quiesce() {
        for (QueueWorker worker : workers) {
            worker.quiesce();
        }
    }
}
