package dev.quoll.devices.net;

import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.TimerQueue;
import java.util.List;
import java.util.function.Consumer;

/**
 * The virtio network device (section 5.1) in front of a {@link NetworkBackend}, whose thread moves the frames: doorbells wake it, and no
 * frame changes hands between threads of the host.
 *
 * <p>Threat: frames are copied out of and into guest memory, so nothing is looked at twice; their headers are checked before a back-end
 * sees them; a chain that is no frame is dropped. Receive buffers of a few bytes cost the host a bounded effort a frame.
 */
public final class VirtioNet implements VirtioDevice<VirtioNet.State> {
    /** Most pairs of queues. */
    public static final int MAX_PAIRS = 16;

    private static final int DEVICE_ID = 1;
    private static final int QUEUE_SIZE = 256;
    private static final int CONTROL_QUEUE_SIZE = 64;

    /** Configuration space (section 5.1.4). */
    private static final int STATUS_OFFSET = 6;

    private static final int PAIRS_OFFSET = 8;
    private static final int MTU_OFFSET = 10;
    private static final int CONFIG_LENGTH = 12;
    private static final int LINK_UP = 1;

    /**
     * What is to be said of a card beside its back-end.
     *
     * @param name of the device: {@code net0}
     * @param pairs of queues, 1 to {@link #MAX_PAIRS}
     * @param fromGuest limits of what the guest sends
     * @param toGuest limits of what it receives
     */
    public record Options(String name, MacAddress mac, int pairs, RateLimiter.Limits fromGuest, RateLimiter.Limits toGuest) {
        public Options {
            if (pairs < 1 || pairs > MAX_PAIRS) {
                throw new IllegalArgumentException("a network card has 1 to %d queues, not %d".formatted(MAX_PAIRS, pairs));
            }
            if (mac.group() || mac.value() == 0) {
                throw new IllegalArgumentException("%s is not an address that one card can have".formatted(mac));
            }
        }
    }

    /**
     * @param mac the address, as set by the driver
     * @param modes the receive modes
     * @param unicast further addresses received
     * @param multicast groups received
     * @param linkUp whether the link is up
     * @param pairs of queues in use
     */
    public record State(
            MacAddress mac, int modes, List<MacAddress> unicast, List<MacAddress> multicast, boolean linkUp, int pairs) {}

    private final NetworkBackend backend;
    private final Options options;
    private final GuestMemory memory;
    private final Consumer<String> notices;
    private final Capture capture;
    private final RateLimiter fromGuest;
    private final RateLimiter toGuest;
    private final int config;
    private volatile ReceiveFilter filter;
    private volatile boolean linkUp = true;
    private volatile int pairsInUse = 1;
    /** Null while stopped. */
    private volatile CardPort port;

    /**
     * A card before a back-end, which the caller closes after the device has been stopped.
     *
     * @param capture takes a copy of every frame; null for none
     * @param notices takes a sentence when the back-end cannot go on
     */
    public VirtioNet(
            NetworkBackend backend,
            Options options,
            GuestMemory memory,
            GuestClock clock,
            TimerQueue timers,
            Capture capture,
            Consumer<String> notices) {
        this.backend = backend;
        this.options = options;
        this.memory = memory;
        this.capture = capture;
        this.notices = notices;
        fromGuest = new RateLimiter(options.fromGuest, clock, timers, this::unthrottled);
        toGuest = new RateLimiter(options.toGuest, clock, timers, this::unthrottled);
        config = options.pairs | backend.mtu() << 16;
        filter = ReceiveFilter.initial(options.mac);
    }

    private void unthrottled() {
        CardPort current = port;
        if (current != null) {
            current.unthrottled();
        }
        backend.wake();
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
        Offloads accepts = backend.accepts();
        Offloads provides = backend.provides();
        long features = 0;
        for (NetworkFeature feature : NetworkFeature.values()) {
            boolean offered = switch (feature) {
                case CSUM -> accepts.checksum();
                case HOST_TSO4 -> accepts.tcp4();
                case HOST_TSO6 -> accepts.tcp6();
                case GUEST_CSUM -> provides.checksum();
                case GUEST_TSO4 -> provides.tcp4();
                case GUEST_TSO6 -> provides.tcp6();
                case MQ -> options.pairs > 1;
                case MTU, MAC, MRG_RXBUF, STATUS, CTRL_VQ, CTRL_RX, CTRL_VLAN, CTRL_RX_EXTRA, CTRL_MAC_ADDR -> true;
            };
            features |= offered ? feature.mask() : 0;
        }
        return features;
    }

    @Override
    public int queues() {
        return 2 * options.pairs + 1;
    }

    @Override
    public int queueSize(int queue) {
        return queue == 2 * options.pairs ? CONTROL_QUEUE_SIZE : QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return CONFIG_LENGTH;
    }

    @Override
    public long readConfig(int offset, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (configByte(offset + i) & 0xffL) << 8 * i;
        }
        return value;
    }

    private long configByte(int at) {
        if (at < STATUS_OFFSET) {
            return filter.mac().value() >>> 8 * (MacAddress.LENGTH - 1 - at);
        }
        if (at < PAIRS_OFFSET) {
            return (linkUp ? LINK_UP : 0) >>> 8 * (at - STATUS_OFFSET);
        }
        return at < CONFIG_LENGTH ? config >>> 8 * (at - PAIRS_OFFSET) : 0;
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        // Nothing is writable: the address is set by a command (section 5.1.6.5.2).
    }

    @Override
    public void start(VirtioQueues queues) {
        CardPort made = new CardPort(this, queues, memory, options.pairs);
        port = made;
        backend.start(capture == null ? made : new CapturingPort(made, capture), "quoll-" + name());
    }

    @Override
    public void notified(int queue) {
        CardPort current = port;
        if (current != null) {
            current.release();
            backend.wake();
        }
    }

    @Override
    public void stop() {
        fromGuest.cancel();
        toGuest.cancel();
        backend.stop();
        port = null;
        filter = ReceiveFilter.initial(options.mac);
        pairsInUse = 1;
    }

    @Override
    public void quiesce() {
        CardPort current = port;
        if (current != null) {
            current.hold(backend);
        }
    }

    @Override
    public State save() {
        ReceiveFilter now = filter;
        return new State(now.mac(), now.modes(), now.unicast(), now.multicast(), linkUp, pairsInUse);
    }

    @Override
    public void restore(State state) {
        filter = new ReceiveFilter(state.mac, state.modes, state.unicast, state.multicast);
        linkUp = state.linkUp;
        pairsInUse = state.pairs;
    }

    /** Plugs the cable in or pulls it: the driver is told. Any thread. */
    public void setLink(boolean up) {
        if (linkUp != up) {
            linkUp = up;
            CardPort current = port;
            if (current != null) {
                current.configChanged();
            }
        }
    }

    boolean linkUp() {
        return linkUp;
    }

    ReceiveFilter filter() {
        return filter;
    }

    void setFilter(ReceiveFilter next) {
        filter = next;
    }

    int pairs() {
        return options.pairs;
    }

    int pairsInUse() {
        return pairsInUse;
    }

    void setPairsInUse(int pairs) {
        pairsInUse = pairs;
    }

    RateLimiter fromGuest() {
        return fromGuest;
    }

    RateLimiter toGuest() {
        return toGuest;
    }

    void notice(String sentence) {
        notices.accept("%s: %s".formatted(name(), sentence));
    }
}
