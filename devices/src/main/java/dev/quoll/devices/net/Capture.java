package dev.quoll.devices.net;

import dev.quoll.machine.GuestClock;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A file of frames for Wireshark and tcpdump: pcap with nanoseconds (draft-ietf-opsawg-pcap). Times are the guest's. Large segments are
 * recorded as the card moved them, with checksums that were left to the receiver. One thread at a time, but for {@link #close}.
 */
public final class Capture implements AutoCloseable {
    private static final int MAGIC = 0xa1b23c4d;
    private static final int ETHERNET = 1;
    private static final long NANOS = 1_000_000_000L;
    /** How old what is not yet in the file may be. */
    private static final long FLUSH_INTERVAL = NANOS / 2;

    private final Path file;
    private final GuestClock clock;
    private final Consumer<String> notices;
    private final ByteBuffer head = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    private OutputStream out;
    private long flushed;

    /**
     * Begins a file, in place of one that is there.
     *
     * @param notices takes a sentence when the host does not take more
     * @throws IOException when the file cannot be written
     */
    public Capture(Path file, GuestClock clock, Consumer<String> notices) throws IOException {
        this.file = file;
        this.clock = clock;
        this.notices = notices;
        out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
        head.putInt(MAGIC).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0).putInt(NetworkFrame.MAX_LENGTH).putInt(ETHERNET);
        out.write(head.array(), 0, 24);
        out.flush();
    }

    /** Records a frame. */
    synchronized void record(NetworkFrame frame) {
        if (out == null) {
            return;
        }
        long now = clock.wallNanos();
        head.clear();
        head.putInt((int) (now / NANOS)).putInt((int) (now % NANOS)).putInt(frame.length()).putInt(frame.length());
        try {
            out.write(head.array(), 0, 16);
            out.write(frame.bytes(), 0, frame.length());
        } catch (IOException e) {
            give(e);
        }
    }

    /** Lets others read what was recorded, now and then. */
    synchronized void settle() {
        long now = clock.nanos();
        if (out != null && now - flushed > FLUSH_INTERVAL) {
            flushed = now;
            try {
                out.flush();
            } catch (IOException e) {
                give(e);
            }
        }
    }

    private void give(IOException reason) {
        out = null;
        notices.accept("the capture %s ends here: %s".formatted(file, reason.getMessage()));
    }

    @Override
    public synchronized void close() throws IOException {
        if (out != null) {
            OutputStream last = out;
            out = null;
            last.close();
        }
    }
}
