package dev.quoll.devices.net;

import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestMemory;
import java.util.Arrays;

/**
 * The back-end's way through a card's queues, for one life of its driver. The back-end's thread alone touches the queues. While the card
 * is held, it finds nothing to take and no room.
 */
final class CardPort implements NetworkPort {
    /** {@code struct virtio_net_hdr} with num_buffers (section 5.1.6). */
    private static final int HEADER = 12;

    private static final int NUM_BUFFERS = 10;
    private static final int ETHERNET_HEADER = 14;
    /** Buffers that one frame may be spread over: a large one takes 43 of those that Linux gives. */
    private static final int MOST_BUFFERS = 128;
    /** Places in the table of which pair of queues a conversation uses. */
    private static final int STEERING = 256;

    private final VirtioNet card;
    private final VirtioQueues queues;
    private final Virtqueue[] receive;
    private final Virtqueue[] transmit;
    private final ControlQueue control;
    private final Offloads accepts;
    private final boolean mergeable;
    private final boolean checksums;
    private final long features;
    private final DescriptorChain chain;
    private final DescriptorChain[] spread = new DescriptorChain[MOST_BUFFERS];
    private final GuestMemory memory;
    private final byte[] header = new byte[HEADER];
    private final byte[] pairOf = new byte[STEERING];
    private int nextTransmit;
    private boolean broken;
    private volatile boolean held;
    private volatile boolean resting;
    private volatile boolean throttled;

    CardPort(VirtioNet card, VirtioQueues queues, GuestMemory memory, int pairs) {
        this.card = card;
        this.queues = queues;
        this.memory = memory;
        features = queues.features();
        receive = new Virtqueue[pairs];
        transmit = new Virtqueue[pairs];
        for (int i = 0; i < pairs; i++) {
            receive[i] = queues.queue(2 * i);
            transmit[i] = queues.queue(2 * i + 1);
        }
        // Section 5.1.2: without several pairs the control queue follows the first.
        Virtqueue commands = NetworkFeature.CTRL_VQ.in(features)
                ? queues.queue(NetworkFeature.MQ.in(features) ? 2 * pairs : 2)
                : null;
        if (!NetworkFeature.MQ.in(features)) {
            Arrays.fill(receive, 1, pairs, null);
            Arrays.fill(transmit, 1, pairs, null);
        }
        control = commands == null ? null : new ControlQueue(card, commands, memory);
        boolean checksum = NetworkFeature.GUEST_CSUM.in(features);
        accepts = new Offloads(
                checksum,
                checksum && NetworkFeature.GUEST_TSO4.in(features),
                checksum && NetworkFeature.GUEST_TSO6.in(features));
        mergeable = NetworkFeature.MRG_RXBUF.in(features);
        checksums = NetworkFeature.CSUM.in(features);
        chain = new DescriptorChain(memory);
    }

    @Override
    public Offloads accepts() {
        return accepts;
    }

    @Override
    public boolean take(NetworkFrame frame) {
        if (held || broken) {
            return false;
        }
        try {
            if (control != null && control.queue().hasWork()) {
                control.serve();
            }
            for (int tried = 0; tried < transmit.length && !throttled; tried++) {
                int pair = nextTransmit;
                nextTransmit = (nextTransmit + 1) % transmit.length;
                if (transmit[pair] != null && takeFrom(transmit[pair], frame)) {
                    steer(frame, pair);
                    return true;
                }
            }
        } catch (VirtqueueException e) {
            fail(e);
        }
        return false;
    }

    private boolean takeFrom(Virtqueue queue, NetworkFrame frame) throws VirtqueueException {
        for (int i = 0; i < queue.size() && queue.take(chain); i++) {
            long length = chain.readableLength() - HEADER;
            if (!card.linkUp() || length < ETHERNET_HEADER || length > NetworkFrame.MAX_LENGTH) {
                queue.complete(chain, 0);
                continue;
            }
            if (!card.fromGuest().admit(length)) {
                queue.undoTake(1);
                throttled = true;
                return false;
            }
            chain.read(header, 0, HEADER);
            frame.setPlain(chain.read(frame.bytes(), 0, (int) length));
            queue.complete(chain, 0);
            if (decode(frame)) {
                return true;
            }
        }
        return false;
    }

    /** Takes over the header; whatever was not negotiated counts as not there. @return whether it makes sense */
    private boolean decode(NetworkFrame frame) {
        int flags = checksums ? header[0] & NetworkFrame.NEEDS_CHECKSUM : 0;
        int gsoType = header[1] & 0xff;
        int start = field(6);
        int offset = field(8);
        if (flags != 0 && start + offset + 2 > frame.length()) {
            return false;
        }
        boolean known = switch (gsoType & ~NetworkFrame.GSO_ECN) {
            case NetworkFrame.GSO_NONE -> true;
            case NetworkFrame.GSO_TCP4 -> flags != 0 && NetworkFeature.HOST_TSO4.in(features) && field(4) != 0;
            case NetworkFrame.GSO_TCP6 -> flags != 0 && NetworkFeature.HOST_TSO6.in(features) && field(4) != 0;
            default -> false;
        };
        if (known) {
            frame.setOffload(flags, gsoType, field(2), field(4), flags != 0 ? start : 0, flags != 0 ? offset : 0);
        }
        return known;
    }

    private int field(int at) {
        return header[at] & 0xff | (header[at + 1] & 0xff) << 8;
    }

    private void setField(int at, int value) {
        header[at] = (byte) value;
        header[at + 1] = (byte) (value >>> 8);
    }

    @Override
    public boolean offer(NetworkFrame frame) {
        if (held) {
            return false;
        }
        if (broken || !card.linkUp() || !card.filter().accepts(frame.bytes())) {
            return true;
        }
        try {
            Virtqueue queue = receive[pairFor(frame)];
            return queue == null || give(queue, frame);
        } catch (VirtqueueException e) {
            fail(e);
            return true;
        }
    }

    private boolean give(Virtqueue queue, NetworkFrame frame) throws VirtqueueException {
        int needed = HEADER + frame.length();
        int most = mergeable ? MOST_BUFFERS : 1;
        long room = 0;
        int taken = 0;
        while (room < needed && taken < most) {
            if (spread[taken] == null) {
                spread[taken] = new DescriptorChain(memory);
            }
            if (!takeBuffer(queue, spread[taken])) {
                queue.undoTake(taken);
                return false;
            }
            room += spread[taken].writableLength();
            taken++;
        }
        if (room < needed) {
            // No driver's buffers are like that but a hostile one's: the frame is lost, the buffers stay.
            queue.undoTake(taken);
            return true;
        }
        if (!card.toGuest().admit(frame.length())) {
            queue.undoTake(taken);
            return false;
        }
        encode(frame, mergeable ? taken : 1);
        write(queue, frame, taken);
        return true;
    }

    /** Takes a buffer; when there is none, the driver's next one leads to a doorbell. */
    private static boolean takeBuffer(Virtqueue queue, DescriptorChain into) throws VirtqueueException {
        return queue.take(into) || queue.enableNotifications() && queue.take(into);
    }

    private void encode(NetworkFrame frame, int buffers) {
        header[0] = (byte) frame.flags();
        header[1] = (byte) frame.gsoType();
        setField(2, frame.headerLength());
        setField(4, frame.gsoSize());
        setField(6, frame.checksumStart());
        setField(8, frame.checksumOffset());
        setField(NUM_BUFFERS, buffers);
    }

    private void write(Virtqueue queue, NetworkFrame frame, int taken) throws VirtqueueException {
        int headerDone = 0;
        int done = 0;
        for (int i = 0; i < taken; i++) {
            headerDone += spread[i].write(header, headerDone, HEADER - headerDone);
            if (headerDone == HEADER) {
                done += spread[i].write(frame.bytes(), done, frame.length() - done);
            }
            queue.complete(spread[i], spread[i].written());
        }
    }

    /** Notes which pair a conversation was seen on, to answer it there (section 5.1.6.5.6). */
    private void steer(NetworkFrame frame, int pair) {
        if (card.pairsInUse() > 1) {
            pairOf[conversation(frame)] = (byte) pair;
        }
    }

    private int pairFor(NetworkFrame frame) {
        int inUse = card.pairsInUse();
        return inUse > 1 ? (pairOf[conversation(frame)] & 0xff) % inUse : 0;
    }

    /** A hash of addresses and ports, the same in both directions. */
    private static int conversation(NetworkFrame frame) {
        byte[] bytes = frame.bytes();
        int ip = ETHERNET_HEADER;
        int mixed = BigEndian.i32(bytes, ip + 12) ^ BigEndian.i32(bytes, ip + 16)
                ^ BigEndian.u16(bytes, ip + 20) ^ BigEndian.u16(bytes, ip + 22);
        mixed *= 0x9e3779b1;
        return mixed >>> 24;
    }

    @Override
    public void flush() {
        if (broken) {
            return;
        }
        try {
            for (int i = 0; i < receive.length; i++) {
                if (receive[i] != null) {
                    receive[i].signal();
                }
                if (transmit[i] != null) {
                    transmit[i].signal();
                }
            }
        } catch (VirtqueueException e) {
            fail(e);
        }
    }

    @Override
    public boolean arm() {
        if (held) {
            synchronized (this) {
                resting = true;
                notifyAll();
            }
            return false;
        }
        if (broken) {
            return false;
        }
        try {
            boolean work = control != null && control.queue().enableNotifications();
            for (Virtqueue queue : transmit) {
                if (queue != null && !throttled) {
                    work |= queue.enableNotifications();
                }
            }
            return work;
        } catch (VirtqueueException e) {
            fail(e);
            return false;
        }
    }

    /** Credit has come for the guest's frames. */
    void unthrottled() {
        throttled = false;
    }

    /** Returns when the back-end's thread has left the queues; it stays away until {@link #release}. */
    void hold(NetworkBackend backend) {
        held = true;
        boolean interrupted = false;
        synchronized (this) {
            while (!resting && !broken) {
                backend.wake();
                try {
                    wait(100);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The driver rang, or a machine goes on. */
    void release() {
        if (held) {
            resting = false;
            held = false;
        }
    }

    void configChanged() {
        queues.configChanged();
    }

    @Override
    public void linkChanged(boolean up) {
        card.setLink(up);
    }

    @Override
    public void failed(String reason) {
        broken = true;
        card.notice(reason);
        queues.needsReset(reason);
    }

    private void fail(VirtqueueException cause) {
        broken = true;
        queues.needsReset(cause.getMessage());
    }
}
