package dev.quoll.devices.net.user;

import dev.quoll.devices.net.MacAddress;
import dev.quoll.devices.net.NetworkFrame;
import dev.quoll.devices.net.NetworkPort;
import dev.quoll.devices.net.Offloads;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Two of the stack's own endpoints with a bad wire between them, in simulated time: hours of waiting cost nothing. */
final class TcpSimulation {
    static final int STACK = Ipv4Address.parse("10.0.2.2");
    static final int GUEST = Ipv4Address.parse("10.0.2.15");
    private static final MacAddress MAC = MacAddress.parse("52:54:00:00:00:01");

    /** What the wire does, as chances out of a thousand. */
    record Wire(int loss, int duplicate, int reorder, int refuse) {}

    private record Event(long at, long order, Runnable action) {}

    private final Wire wire;
    private final Random random;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private long now;
    private long order;
    final Side guest;
    final Side stack;
    long framesSent;

    TcpSimulation(Wire wire, Offloads offloads, Random random) {
        this.wire = wire;
        this.random = random;
        guest = new Side(STACK, GUEST, offloads);
        stack = new Side(GUEST, STACK, offloads);
        guest.other = stack;
        stack.other = guest;
    }

    long now() {
        return now;
    }

    void at(long delay, Runnable action) {
        events.add(new Event(now + delay, order++, action));
    }

    /** Lets things happen until nothing is left, all is done, or so much time has passed. */
    void run(long nanos, BooleanSupplier done) {
        long end = now + nanos;
        while (!done.getAsBoolean()) {
            long timer = Math.min(guest.deadlines.first(), stack.deadlines.first());
            long next = events.isEmpty() ? timer : Math.min(timer, events.peek().at);
            if (next == Deadlines.NEVER || next > end) {
                now = Math.max(now, Math.min(next, end));
                return;
            }
            now = Math.max(now, next);
            if (!events.isEmpty() && events.peek().at <= now) {
                events.poll().action.run();
            }
            guest.turn();
            stack.turn();
        }
    }

    /** One endpoint, its host and its end of the wire. */
    final class Side implements NetworkPort {
        final Deadlines deadlines = new Deadlines();
        final TcpContext context;
        final SimulatedHost host;
        private final Offloads offloads;
        private final GuestLink link;
        private final Ipv4Packet packet = new Ipv4Packet();
        private final TcpSegment segment = new TcpSegment();
        TcpConnection connection;
        boolean closed;
        /** Whether it hears nothing and says nothing any more. */
        boolean deaf;
        private Side other;

        Side(int peer, int own, Offloads offloads) {
            this.offloads = offloads;
            link = new GuestLink(this, Ipv4Subnet.DEFAULT, () -> now, 1500, MAC);
            link.neighbours().learn(peer, MAC.value());
            context = new TcpContext(link, () -> now, deadlines);
            boolean first = own == GUEST;
            connection = new TcpConnection(context, peer, first ? 80 : 40000, own, first ? 40000 : 80);
            host = new SimulatedHost(TcpSimulation.this, this, random);
            connection.attach(host, () -> closed = true);
        }

        private void turn() {
            deadlines.expire(now);
            context.flush();
        }

        @Override
        public Offloads accepts() {
            return offloads;
        }

        @Override
        public boolean offer(NetworkFrame frame) {
            framesSent++;
            if (deaf) {
                return true;
            }
            if (chance(wire.refuse)) {
                at(random.nextInt(1_000_000) + 1, link::mayHaveRoom);
                return false;
            }
            if (chance(wire.loss)) {
                return true;
            }
            int copies = chance(wire.duplicate) ? 2 : 1;
            for (int i = 0; i < copies; i++) {
                NetworkFrame copy = new NetworkFrame();
                copy.copyFrom(frame);
                long delay = 100_000 + (chance(wire.reorder) ? random.nextInt(3_000_000) : 0);
                at(delay, () -> other.receive(copy));
            }
            return true;
        }

        private boolean chance(int perMille) {
            return random.nextInt(1000) < perMille;
        }

        private void receive(NetworkFrame frame) {
            if (deaf) {
                return;
            }
            if (packet.parse(frame, Ethernet.HEADER) && segment.parse(packet)) {
                if (!connection.replaceableBy(segment) && segment.has(TcpSegment.SYN) && !segment.has(TcpSegment.ACK)
                        && connection.stateName().equals("CLOSED") && !closed) {
                    connection.accept(segment, random.nextInt());
                    connection.hostConnected();
                } else {
                    connection.input(segment);
                }
            } else {
                throw new AssertionError("the stack sent a frame that it would not take itself");
            }
        }

        @Override
        public boolean take(NetworkFrame frame) {
            return false;
        }

        @Override
        public void flush() { }

        @Override
        public boolean arm() {
            return false;
        }

        @Override
        public void linkChanged(boolean up) { }

        @Override
        public void failed(String reason) {
            throw new AssertionError(reason);
        }
    }

    static long seconds(long count) {
        return TimeUnit.SECONDS.toNanos(count);
    }
}
