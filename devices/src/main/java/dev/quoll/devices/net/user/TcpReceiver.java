package dev.quoll.devices.net.user;

import java.io.IOException;

/**
 * The direction from the guest to the host: reassembly and the window (RFC 9293, 3.10.7.4 and 3.8.6). Data in order goes to the host at
 * once where the host takes it; the buffer holds what it does not take, and what has come out of order.
 */
final class TcpReceiver {
    private static final int LARGEST_PLAIN_WINDOW = 65535;

    private final StreamBuffer buffer;
    private final SequenceRanges outOfOrder = new SequenceRanges(Limits.TCP_RANGES);
    /** RCV.NXT. */
    private int next;
    /** RCV.NXT + RCV.WND as told last: never taken back. */
    private int edge;
    private int scale;
    private int toldNext;
    /** Where the FIN is, once one has come. */
    private int end;
    private boolean endKnown;
    private boolean ended;
    private boolean hostEnded;

    TcpReceiver(BufferBudget budget) {
        buffer = new StreamBuffer(budget);
    }

    /** The guest's SYN has come. @param scaling whether both sides scale windows */
    void synchronize(int guestSequence, boolean scaling) {
        next = guestSequence + 1;
        edge = next;
        toldNext = next;
        scale = scaling ? TcpOutput.WINDOW_SCALE : 0;
    }

    /** The next sequence number expected: RCV.NXT. */
    int next() {
        return next;
    }

    /** Whether a segment lies in the window (RFC 9293, 3.10.7.4, the four cases). */
    boolean acceptable(TcpSegment segment) {
        int window = edge - next;
        int span = segment.span();
        int first = segment.sequence - next;
        if (span == 0) {
            return window == 0 ? first == 0 : first >= 0 && first < window;
        }
        int last = first + span - 1;
        return window > 0 && (first >= 0 && first < window || last >= 0 && last < window || first < 0 && last >= window);
    }

    boolean inWindow(int sequence) {
        int distance = sequence - next;
        return distance == 0 || distance > 0 && distance < edge - next;
    }

    /** Takes data and FIN of an acceptable segment. */
    void accept(TcpSegment segment, HostStream host) throws IOException {
        if (segment.has(TcpSegment.FIN) && !endKnown) {
            end = segment.sequence + segment.payloadLength + (segment.has(TcpSegment.SYN) ? 1 : 0);
            endKnown = true;
        }
        int from = segment.sequence;
        int to = from + segment.payloadLength;
        int offset = segment.payload;
        if (Sequence.before(from, next)) {
            offset += next - from;
            from = next;
        }
        to = Sequence.earlier(to, edge);
        if (endKnown) {
            // Data behind the guest's own FIN is none (RFC 9293, 3.10.7.4, seventh).
            to = Sequence.earlier(to, end);
        }
        if (Sequence.before(from, to)) {
            data(segment, offset, from, to, host);
        }
        if (endKnown && !ended && next == end) {
            ended = true;
            next++;
            edge = Sequence.later(edge, next);
            drain(host);
        }
    }

    private void data(TcpSegment segment, int start, int from, int to, HostStream host) throws IOException {
        int offset = start;
        int length = to - from;
        if (from == next && buffer.count() == 0 && outOfOrder.isEmpty()) {
            int taken = host.write(segment.view(offset, length));
            next += taken;
            offset += taken;
            length -= taken;
        }
        if (length == 0) {
            return;
        }
        int distance = buffer.count() + (to - length - next);
        int room = buffer.reserve(distance + length) - distance;
        int stored = Math.min(length, room);
        if (stored <= 0) {
            return;
        }
        int at = to - length;
        if (at == next && outOfOrder.isEmpty()) {
            buffer.place(distance, segment.bytes, offset, stored);
            buffer.extend(stored);
            next += stored;
        } else if (outOfOrder.add(at, at + stored)) {
            buffer.place(distance, segment.bytes, offset, stored);
            int gap = outOfOrder.gapFrom(next);
            buffer.extend(gap - next);
            next = gap;
            outOfOrder.dropBefore(next);
        }
        drain(host);
    }

    /** Hands on what the host takes now, and the end of the stream when all is handed on. */
    void drain(HostStream host) throws IOException {
        if (buffer.count() > 0) {
            buffer.drain(host);
        }
        if (buffer.count() == 0) {
            if (outOfOrder.isEmpty()) {
                buffer.relax();
            }
            if (ended && !hostEnded) {
                hostEnded = true;
                host.shutdownOutput();
            }
        }
    }

    /** Whether the host has to say when it takes more. */
    boolean waitsForHost() {
        return buffer.count() > 0;
    }

    /** Whether the guest's FIN has come in its turn. */
    boolean ended() {
        return ended;
    }

    /** Whether the guest's stream has ended and all of it is with the host. */
    boolean finished() {
        return hostEnded;
    }

    boolean hasGaps() {
        return !outOfOrder.isEmpty();
    }

    SequenceRanges gaps() {
        return outOfOrder;
    }

    private int bestEdge() {
        int most = Math.min(Limits.TCP_BUFFER, LARGEST_PLAIN_WINDOW << scale);
        int room = Math.min(most, Limits.TCP_BUFFER - buffer.count());
        return Sequence.later(edge, next + (room >>> scale << scale));
    }

    /** The window as the header tells it; in a SYN it is not scaled (RFC 7323, 2.2). */
    int windowToTell(boolean syn) {
        return syn ? LARGEST_PLAIN_WINDOW : bestEdge() - next >>> scale;
    }

    /** What {@link #windowToTell} gave has gone to the guest. */
    void told() {
        edge = Sequence.later(edge, next + (bestEdge() - next >>> scale << scale));
        toldNext = next;
    }

    /** Whether there is something to acknowledge. */
    boolean owesAcknowledgment() {
        return toldNext != next;
    }

    /** Whether the window has opened so far that the guest should hear (RFC 9293, 3.8.6.2.2). */
    boolean windowOpened(int mss) {
        int gain = ended ? 0 : bestEdge() - edge;
        return gain >= Limits.TCP_BUFFER / 2 || edge - next < 2 * mss && gain >= 2 * mss;
    }

    void release() {
        buffer.release();
        outOfOrder.clear();
    }
}
