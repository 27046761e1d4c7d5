package dev.quoll.devices.net.user;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * One TCP connection with the guest, spliced to a stream of the host: the state machine of RFC 9293, 3.10. The states from ESTABLISHED
 * to LAST-ACK differ in what has become of the two FINs only, which sender and receiver know.
 */
final class TcpConnection extends Deadlines.Entry {
    private enum State {
        /** The guest's SYN is here; the host connects. Nothing has been answered. */
        CONNECTING,
        SYN_SENT,
        SYN_RECEIVED,
        SYNCHRONIZED,
        TIME_WAIT,
        CLOSED
    }

    private static final int SYN_TRIES = 6;
    private static final int TRIES = 12;
    private static final int KEEPALIVE_TRIES = 8;
    private static final long CONNECT_TIMEOUT = TimeUnit.SECONDS.toNanos(75);
    private static final long KEEPALIVE = TimeUnit.MINUTES.toNanos(5);
    /** Twice the life of a segment, which on this link is short (RFC 9293, 3.4.2, leaves it to the engineer). */
    private static final long TIME_WAIT = TimeUnit.SECONDS.toNanos(4);

    /** In {@link TcpContext}'s queue. */
    boolean waiting;
    /** Link of {@link ConnectionTable}. */
    TcpConnection nextInBucket;

    private final TcpContext context;
    private final TcpSender sender;
    private final TcpReceiver receiver;
    private final int guestAddress;
    private final int guestPort;
    private final int remoteAddress;
    private final int remotePort;
    private HostStream host;
    private Runnable whenClosed = () -> { };

    private State state = State.CLOSED;
    private boolean scaling = true;
    private boolean sackPermitted = true;
    private boolean acknowledgeNow;
    private boolean closedFirst;
    private long lastHeard;
    private long since;

    TcpConnection(TcpContext context, int guestAddress, int guestPort, int remoteAddress, int remotePort) {
        this.context = context;
        this.guestAddress = guestAddress;
        this.guestPort = guestPort;
        this.remoteAddress = remoteAddress;
        this.remotePort = remotePort;
        sender = new TcpSender(this, context);
        receiver = new TcpReceiver(context.budget);
    }

    /** Binds it to the host's side. @param closed runs once, when the connection is gone */
    void attach(HostStream stream, Runnable closed) {
        host = stream;
        whenClosed = closed;
    }

    /** Passive open: the guest's SYN is answered when the host has connected. */
    void accept(TcpSegment syn, int initialSequence) {
        long now = context.now();
        state = State.CONNECTING;
        since = now;
        sender.begin(initialSequence);
        takeSyn(syn);
        schedule(now);
    }

    /** Active open, for a connection that came from the host. */
    void open(int initialSequence) {
        long now = context.now();
        state = State.SYN_SENT;
        since = now;
        sender.begin(initialSequence);
        sender.sendSyn(TcpSegment.SYN, now);
        schedule(now);
    }

    private void takeSyn(TcpSegment syn) {
        scaling = syn.windowScale >= 0;
        sackPermitted = syn.sackPermitted;
        receiver.synchronize(syn.sequence, scaling);
        sender.synchronize(syn, Math.max(syn.windowScale, 0));
        lastHeard = context.now();
    }

    /** The host has connected: now the guest hears. */
    void hostConnected() {
        if (state == State.CONNECTING) {
            long now = context.now();
            state = State.SYN_RECEIVED;
            sender.sendSyn(TcpSegment.SYN | TcpSegment.ACK, now);
            schedule(now);
        }
    }

    /** The host has data, or the end of it. */
    void hostReadable() {
        long now = context.now();
        try {
            sender.fill(host);
        } catch (IOException _) {
            // The host's peer broke the connection: so do we.
            abort();
            return;
        }
        progress(now);
    }

    /** The host takes data again. */
    void hostWritable() {
        long now = context.now();
        try {
            receiver.drain(host);
        } catch (IOException _) {
            abort();
            return;
        }
        progress(now);
    }

    /** Takes a segment of this connection. */
    void input(TcpSegment segment) {
        long now = context.now();
        try {
            switch (state) {
                case CONNECTING -> {
                    if (segment.has(TcpSegment.RST) && segment.sequence == receiver.next()) {
                        close(true);
                    }
                }
                case SYN_SENT -> synSent(segment, now);
                case CLOSED -> context.output.refuse(segment);
                default -> synchronizedInput(segment, now);
            }
        } catch (IOException _) {
            abort();
            return;
        }
        progress(now);
    }

    /** RFC 9293, 3.10.7.3. */
    private void synSent(TcpSegment segment, long now) {
        boolean acknowledged = segment.has(TcpSegment.ACK);
        boolean acceptable = acknowledged && segment.acknowledgment == sender.next() && sender.next() != sender.unacknowledged();
        if (acknowledged && !acceptable) {
            context.output.refuse(segment);
            return;
        }
        if (segment.has(TcpSegment.RST)) {
            if (acceptable) {
                close(true);
            }
            return;
        }
        if (!segment.has(TcpSegment.SYN)) {
            return;
        }
        takeSyn(segment);
        if (acceptable) {
            state = State.SYNCHRONIZED;
            sender.synAcknowledged(segment, now);
            acknowledgeNow = true;
        } else {
            // Both sides opened at once.
            state = State.SYN_RECEIVED;
            sender.sendSyn(TcpSegment.SYN | TcpSegment.ACK, now);
        }
    }

    /** RFC 9293, 3.10.7.4, with the blind-attack checks of RFC 5961. */
    private void synchronizedInput(TcpSegment segment, long now) throws IOException {
        if (!receiver.acceptable(segment)) {
            unacceptable(segment, now);
            return;
        }
        if (segment.has(TcpSegment.RST)) {
            if (segment.sequence == receiver.next()) {
                if (!guestDone()) {
                    // CLOSING, LAST-ACK and TIME-WAIT end with it, and nobody is told of an error.
                    close(!(receiver.finished() && sender.endSent()));
                }
            } else {
                acknowledgeNow = true;
            }
            return;
        }
        if (segment.has(TcpSegment.SYN)) {
            acknowledgeNow = true;
            return;
        }
        if (!segment.has(TcpSegment.ACK)) {
            return;
        }
        lastHeard = now;
        if (state == State.SYN_RECEIVED) {
            if (segment.acknowledgment != sender.next()) {
                context.output.refuse(segment);
                return;
            }
            state = State.SYNCHRONIZED;
            sender.synAcknowledged(segment, now);
        } else if (!sender.acknowledge(segment, now)) {
            acknowledgeNow = true;
            return;
        }
        if (segment.payloadLength > 0 || segment.has(TcpSegment.FIN)) {
            text(segment);
        }
        if (state == State.SYNCHRONIZED && sender.endAcknowledged() && receiver.finished()) {
            finish(now);
        }
    }

    /** Both streams have ended for the guest, which may have forgotten the connection; the host has not taken all yet. */
    private boolean guestDone() {
        return state == State.SYNCHRONIZED && receiver.ended() && sender.endAcknowledged();
    }

    private void text(TcpSegment segment) throws IOException {
        boolean hadEnded = receiver.ended();
        int before = receiver.next();
        boolean gaps = receiver.hasGaps();
        receiver.accept(segment, host);
        if (receiver.ended() && !hadEnded) {
            closedFirst = sender.endSent();
        }
        if (gaps || receiver.hasGaps() || receiver.next() == before) {
            // RFC 5681, 4.2: at once for what is out of order, and for what fills a gap.
            acknowledgeNow = true;
            acknowledge();
        }
    }

    private void unacceptable(TcpSegment segment, long now) {
        if (segment.has(TcpSegment.RST)) {
            return;
        }
        lastHeard = now;
        if (state == State.SYN_RECEIVED && segment.has(TcpSegment.SYN)) {
            sender.sendSyn(TcpSegment.SYN | TcpSegment.ACK, now);
            return;
        }
        if (state == State.SYNCHRONIZED && segment.has(TcpSegment.ACK) && segment.sequence == receiver.next()) {
            // Our window is shut; acknowledgments still count (RFC 9293, 3.10.7.4, first).
            sender.acknowledge(segment, now);
        }
        acknowledgeNow = true;
        acknowledge();
    }

    /** A new SYN may take the place of a connection that only waits (RFC 9293, 3.6.1). */
    boolean replaceableBy(TcpSegment segment) {
        return state == State.TIME_WAIT
                && segment.has(TcpSegment.SYN)
                && !segment.has(TcpSegment.ACK)
                && Sequence.after(segment.sequence, receiver.next());
    }

    /** Whether it holds a place only so that late segments find it. */
    boolean lingering() {
        return state == State.TIME_WAIT;
    }

    /** After anything has happened: sends what there is to send, tells the host what is wanted, sees whether all is done. */
    private void progress(long now) {
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.SYNCHRONIZED) {
            sender.output(now);
            if (sender.endAcknowledged() && receiver.finished()) {
                finish(now);
            }
        }
        if (state == State.SYNCHRONIZED) {
            host.interest(sender.wantsHost(), receiver.waitsForHost());
        }
        if (owesAcknowledgment()) {
            context.later(this);
        }
        schedule(now);
    }

    /** The end of a turn, or the guest has room again. */
    void flush() {
        long now = context.now();
        switch (state) {
            case SYN_SENT, SYN_RECEIVED -> {
                if (sender.deadline() == Deadlines.NEVER) {
                    sender.sendSyn(state == State.SYN_SENT ? TcpSegment.SYN : TcpSegment.SYN | TcpSegment.ACK, now);
                }
            }
            case SYNCHRONIZED -> sender.output(now);
            case CONNECTING, TIME_WAIT, CLOSED -> { }
        }
        acknowledge();
        schedule(now);
    }

    private boolean owesAcknowledgment() {
        return switch (state) {
            case SYN_RECEIVED -> acknowledgeNow && sender.next() != sender.unacknowledged();
            case SYNCHRONIZED -> acknowledgeNow || receiver.owesAcknowledgment() || receiver.windowOpened(sender.mss());
            case TIME_WAIT -> acknowledgeNow || receiver.owesAcknowledgment();
            case CONNECTING, SYN_SENT, CLOSED -> false;
        };
    }

    private void acknowledge() {
        if (owesAcknowledgment()) {
            if (context.output.segment(this, sender.next(), TcpSegment.ACK, 0, 0)) {
                acknowledgeNow = false;
            } else {
                context.later(this);
            }
        }
    }

    private void finish(long now) {
        host.close(false);
        if (closedFirst) {
            state = State.TIME_WAIT;
            since = now;
            sender.release();
            receiver.release();
        } else {
            close(false);
        }
    }

    /** Breaks the connection: both sides are told. */
    void abort() {
        if (state == State.SYNCHRONIZED || state == State.SYN_RECEIVED || state == State.CONNECTING) {
            context.output.segment(this, sender.next(), TcpSegment.RST | TcpSegment.ACK, 0, 0);
        }
        close(true);
    }

    /** Ends it without a word to the guest. */
    void close(boolean abort) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        context.deadlines.remove(this);
        sender.release();
        receiver.release();
        host.close(abort);
        whenClosed.run();
    }

    private void schedule(long now) {
        if (state == State.CLOSED) {
            return;
        }
        context.deadlines.set(this, switch (state) {
            case CONNECTING -> since + CONNECT_TIMEOUT;
            case TIME_WAIT -> since + TIME_WAIT;
            case SYN_SENT, SYN_RECEIVED -> sender.deadline();
            default -> sender.deadline() != Deadlines.NEVER ? sender.deadline() : Math.max(lastHeard, now - KEEPALIVE) + KEEPALIVE;
        });
    }

    @Override
    void expired(long now) {
        switch (state) {
            case CONNECTING -> abort();
            case SYN_SENT, SYN_RECEIVED -> {
                sender.synTimedOut();
                if (sender.unanswered() > SYN_TRIES) {
                    abort();
                } else {
                    flush();
                }
            }
            case SYNCHRONIZED -> alive(now);
            case TIME_WAIT -> close(false);
            case CLOSED -> { }
        }
        schedule(now);
    }

    private void alive(long now) {
        boolean busy = sender.busy();
        if (guestDone()) {
            lastHeard = now;
            sender.rest();
        } else if (sender.unanswered() >= (busy ? TRIES : KEEPALIVE_TRIES)) {
            abort();
        } else if (busy) {
            sender.timedOut(now);
        } else if (sender.unanswered() > 0 || now - lastHeard >= KEEPALIVE) {
            sender.probe(now);
        } else {
            sender.rest();
        }
    }

    TcpSender sender() {
        return sender;
    }

    TcpReceiver receiver() {
        return receiver;
    }

    boolean scaling() {
        return scaling;
    }

    boolean sackPermitted() {
        return sackPermitted;
    }

    int guestAddress() {
        return guestAddress;
    }

    int guestPort() {
        return guestPort;
    }

    int remoteAddress() {
        return remoteAddress;
    }

    int remotePort() {
        return remotePort;
    }

    /** The state's name in RFC 9293, 3.3.2, for reports. */
    String stateName() {
        if (state != State.SYNCHRONIZED) {
            return state.name();
        }
        boolean sent = sender.endSent();
        boolean acknowledged = sender.endAcknowledged();
        if (receiver.ended()) {
            return !sent ? "CLOSE_WAIT" : closedFirst ? "CLOSING" : "LAST_ACK";
        }
        return !sent ? "ESTABLISHED" : acknowledged ? "FIN_WAIT_2" : "FIN_WAIT_1";
    }
}
