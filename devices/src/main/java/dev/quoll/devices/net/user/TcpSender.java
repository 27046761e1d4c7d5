package dev.quoll.devices.net.user;

import java.io.IOException;

/**
 * The direction from the host to the guest: windows, congestion control (RFC 5681), loss recovery by selective acknowledgments (in the
 * manner of RFC 6675) or without (RFC 6582), probes of a shut window. Buffered bytes begin at SND.UNA.
 */
final class TcpSender {
    private static final int DUPLICATES = 3;
    /** RFC 6928. */
    private static final int INITIAL_SEGMENTS = 10;
    /** A guest that says less has its segments made so large nevertheless: fewer bytes a packet than this is an attack on the sender. */
    private static final int LEAST_MSS = 88;
    private static final int LARGEST_PAYLOAD = 65535 - Ipv4Packet.HEADER - 60;

    private final TcpConnection connection;
    private final TcpContext context;
    private final StreamBuffer buffer;
    private final SequenceRanges sacked = new SequenceRanges(Limits.TCP_RANGES);
    private final RetransmissionTimeout timeout = new RetransmissionTimeout();

    /** SND.UNA, SND.NXT, and the largest SND.NXT there has been. */
    private int una;
    private int nxt;
    private int max;
    private int window;
    private int windowSequence;
    private int windowAcknowledgment;
    private int largestWindow;
    private int scale;
    private int mss = LEAST_MSS;

    private int congestionWindow;
    private int threshold = Integer.MAX_VALUE;
    private int duplicates;
    private boolean recovering;
    private int recover;
    /** While recovering: holes before this number have been sent again. */
    private int resent;

    private boolean hostEnded;
    private boolean endAcknowledged;

    private int timedSequence;
    private long timedAt;
    private boolean timing;
    private long deadline = Deadlines.NEVER;
    private int unanswered;

    TcpSender(TcpConnection connection, TcpContext context) {
        this.connection = connection;
        this.context = context;
        buffer = new StreamBuffer(context.budget);
    }

    /** Chooses the initial sequence number. */
    void begin(int initialSequence) {
        una = initialSequence;
        nxt = initialSequence;
        max = initialSequence;
    }

    /** What the guest's SYN says about what we may send. @param windowScale 0 when windows are not scaled */
    void synchronize(TcpSegment syn, int windowScale) {
        scale = windowScale;
        mss = Math.clamp(syn.mss, LEAST_MSS, context.output.mss());
        congestionWindow = INITIAL_SEGMENTS * mss;
        setWindow(syn, 0);
    }

    int mss() {
        return mss;
    }

    /** SND.NXT. */
    int next() {
        return nxt;
    }

    int unacknowledged() {
        return una;
    }

    /** Sends or repeats a SYN, with acknowledgment or without. */
    void sendSyn(int flags, long now) {
        if (!context.output.segment(connection, una, flags, 0, 0)) {
            context.later(connection);
            return;
        }
        if (nxt == una) {
            nxt = una + 1;
            max = nxt;
            time(now);
        } else {
            timing = false;
        }
        deadline = now + timeout.nanos();
    }

    /** Our SYN is acknowledged. */
    void synAcknowledged(TcpSegment segment, long now) {
        una++;
        measure(now);
        timeout.settle();
        unanswered = 0;
        deadline = Deadlines.NEVER;
        setWindow(segment, scale);
    }

    private void setWindow(TcpSegment segment, int shift) {
        window = segment.window << shift;
        largestWindow = Math.max(largestWindow, window);
        windowSequence = segment.sequence;
        windowAcknowledgment = segment.acknowledgment;
    }

    private void time(long now) {
        timing = true;
        timedSequence = nxt;
        timedAt = now;
    }

    private void measure(long now) {
        if (timing && !Sequence.before(una, timedSequence)) {
            timing = false;
            timeout.sample(now - timedAt);
        }
    }

    /** Takes what the host has. */
    void fill(HostStream host) throws IOException {
        if (!hostEnded) {
            hostEnded = buffer.fill(host);
        }
    }

    /** Whether the host should say when it has more. */
    boolean wantsHost() {
        return !hostEnded && buffer.hasRoom();
    }

    /** Copies buffered bytes at a distance from SND.UNA. */
    void copyData(int distance, byte[] target, int offset, int length) {
        buffer.copyOut(distance, target, offset, length);
    }

    /** Whether the guest has all, our FIN included. */
    boolean endAcknowledged() {
        return endAcknowledged;
    }

    /** Whether our FIN has been sent. */
    boolean endSent() {
        return hostEnded && max - una > buffer.count() || endAcknowledged;
    }

    /** Whether anything is on its way or waits for its way. */
    boolean busy() {
        return max != una || buffer.count() > 0 || hostEnded && !endAcknowledged;
    }

    /**
     * Takes the acknowledgment of an acceptable segment (RFC 9293, 3.10.7.4, fifth).
     *
     * @return false when it acknowledges what was never sent
     */
    boolean acknowledge(TcpSegment segment, long now) {
        int number = segment.acknowledgment;
        if (Sequence.after(number, max)) {
            return false;
        }
        unanswered = 0;
        int before = sacked.covered();
        noteSacked(segment, Sequence.later(number, una));
        boolean fresh = Sequence.after(number, una);
        int acked = 0;
        if (fresh) {
            acked = number - una;
            advance(number, now);
        } else if (number == una && segment.span() == 0 && max != una && segment.window << scale == window) {
            duplicates++;
        }
        updateWindow(segment);
        int delivered = Math.max(acked + sacked.covered() - before, 0);
        if (recovering) {
            recovery(fresh, Math.max(delivered, mss));
        } else if (fresh) {
            grow(acked);
        } else if (max != una && (duplicates >= DUPLICATES || sacked.covered() > DUPLICATES * mss)) {
            enterRecovery();
        }
        return true;
    }

    private void noteSacked(TcpSegment segment, int from) {
        for (int i = 0; i < segment.sackBlocks; i++) {
            int start = segment.sackStart[i];
            int end = segment.sackEnd[i];
            if (Sequence.after(start, from) && Sequence.after(end, start) && !Sequence.after(end, max)
                    && end - start <= max - una) {
                sacked.add(start, end);
            }
        }
    }

    private void advance(int number, long now) {
        int data = Math.min(number - una, buffer.count());
        endAcknowledged |= number - una > buffer.count() && hostEnded;
        buffer.drop(data);
        buffer.relax();
        una = number;
        nxt = Sequence.later(nxt, una);
        sacked.dropBefore(una);
        duplicates = 0;
        measure(now);
        timeout.settle();
        deadline = una == max ? Deadlines.NEVER : now + timeout.nanos();
    }

    private void updateWindow(TcpSegment segment) {
        int former = window;
        boolean newer = Sequence.before(windowSequence, segment.sequence)
                || windowSequence == segment.sequence && !Sequence.before(segment.acknowledgment, windowAcknowledgment);
        if (newer) {
            setWindow(segment, scale);
        }
        if (former < mss && window >= mss || max == una) {
            // It has opened, or only a probe was answered: what is sent from here on is timed afresh.
            timeout.settle();
            deadline = Deadlines.NEVER;
        }
    }

    /** Slow start and congestion avoidance (RFC 5681, 3.1). */
    private void grow(int acked) {
        if (congestionWindow < threshold) {
            congestionWindow += acked;
        } else {
            congestionWindow += Math.max((int) ((long) mss * acked / congestionWindow), 1);
        }
        congestionWindow = Math.min(congestionWindow, Limits.TCP_BUFFER);
    }

    private void enterRecovery() {
        recovering = true;
        recover = max;
        halve();
        congestionWindow = threshold;
        resent = una;
        timing = false;
        resend(mss);
    }

    private void halve() {
        threshold = Math.max((max - una) / 2, 2 * mss);
    }

    private void recovery(boolean fresh, int delivered) {
        if (!Sequence.before(una, recover)) {
            recovering = false;
            congestionWindow = threshold;
            return;
        }
        if (fresh && !Sequence.after(resent, una)) {
            resent = una;
        }
        resend(delivered);
    }

    /** Sends again what has not come, about so many bytes of it: as many as have left the network (RFC 6937's conservation). */
    private void resend(int bytes) {
        int left = bytes;
        while (left > 0) {
            int start = sacked.gapFrom(Sequence.later(resent, una));
            if (!Sequence.before(start, recover)) {
                return;
            }
            int above = sacked.rangeAfter(start);
            int end;
            if (above < sacked.size()) {
                end = Sequence.earlier(sacked.start(above), recover);
            } else if (start == una) {
                end = Sequence.earlier(una + mss, recover);
            } else {
                return;
            }
            int length = Math.min(end - start, Math.max(Math.min(left, largest()) / mss, 1) * mss);
            if (length <= 0 || !send(start, length)) {
                return;
            }
            resent = start + length;
            left -= length;
        }
    }

    /** Most data of one segment handed to the card. */
    private int largest() {
        return context.link.largeSegments() ? LARGEST_PAYLOAD / mss * mss : mss;
    }

    /** Sends data and FIN of a range of numbers that begins at or behind SND.UNA. */
    private boolean send(int from, int length) {
        int distance = from - una;
        int data = Math.min(length, buffer.count() - distance);
        int flags = TcpSegment.ACK;
        if (data < length) {
            flags |= TcpSegment.FIN;
        }
        if (data > 0 && distance + data == buffer.count()) {
            flags |= TcpSegment.PSH;
        }
        if (!context.output.segment(connection, from, flags, distance, Math.max(data, 0))) {
            context.later(connection);
            return false;
        }
        return true;
    }

    /** Sends new data as far as windows let it. @return whether anything was sent */
    boolean output(long now) {
        boolean any = false;
        while (true) {
            int flight = nxt - una;
            int credit = Math.max(sacked.covered(), duplicates * mss);
            int usable = Math.min(window, Math.min(congestionWindow + credit, Limits.TCP_BUFFER)) - flight;
            int available = buffer.count() - flight;
            int length = Math.min(Math.min(available, usable), largest());
            boolean end = hostEnded && !endAcknowledged && available >= 0 && available == Math.max(length, 0) && usable > length;
            if (length > 0 && length < available) {
                length = wholeSegments(length);
            }
            if (length <= 0 && !end) {
                break;
            }
            int span = Math.max(length, 0) + (end ? 1 : 0);
            if (!send(nxt, span)) {
                break;
            }
            any = true;
            boolean fresh = !Sequence.before(nxt, max);
            nxt += span;
            max = Sequence.later(max, nxt);
            if (fresh && !timing) {
                time(now);
            }
        }
        if (deadline == Deadlines.NEVER && busy()) {
            deadline = now + timeout.nanos();
        }
        return any;
    }

    /** Avoids the silly window syndrome (RFC 9293, 3.8.6.2.1): whole segments, or half of the largest window, or nothing. */
    private int wholeSegments(int length) {
        if (length >= mss) {
            return length / mss * mss;
        }
        return length >= largestWindow / 2 ? length : 0;
    }

    /** When {@link #timedOut} is due. */
    long deadline() {
        return deadline;
    }

    /** How often nothing has come in answer. */
    int unanswered() {
        return unanswered;
    }

    /** A probe that nothing was asked for, to see whether the guest lives. */
    void probe(long now) {
        unanswered++;
        if (!context.output.segment(connection, una - 1, TcpSegment.ACK, 0, 0)) {
            context.later(connection);
        }
        timeout.backOff();
        deadline = now + timeout.nanos();
    }

    /** The retransmission timeout of a connection whose SYN is acknowledged (RFC 6298, 5.4 to 5.7), or that of a shut window. */
    void timedOut(long now) {
        deadline = Deadlines.NEVER;
        if (!busy()) {
            return;
        }
        if (max == una || window < Math.min(mss, max - una)) {
            // Nothing under way, or what is has no room: RFC 9293, 3.8.6.1. A number before the window asks for an acknowledgment.
            nxt = una;
            probe(now);
            if (window > 0) {
                sendSome(now);
            }
            return;
        }
        unanswered++;
        halve();
        congestionWindow = mss;
        recovering = false;
        duplicates = 0;
        sacked.clear();
        timing = false;
        nxt = una;
        timeout.backOff();
        deadline = now + timeout.nanos();
        output(now);
    }

    /** Sends what a small window has room for, when it has not grown for so long (RFC 9293, 3.8.6.2.1, (4)). */
    private void sendSome(long now) {
        int length = Math.min(Math.min(buffer.count(), window), mss);
        if (length > 0 && send(una, length)) {
            nxt = una + length;
            max = Sequence.later(max, nxt);
        }
        output(now);
    }

    /** Nothing is to be waited for. */
    void rest() {
        deadline = Deadlines.NEVER;
    }

    /** Backs off the timeout of a SYN. */
    void synTimedOut() {
        unanswered++;
        timeout.backOff();
        deadline = Deadlines.NEVER;
    }

    void release() {
        buffer.release();
        sacked.clear();
        deadline = Deadlines.NEVER;
    }
}
