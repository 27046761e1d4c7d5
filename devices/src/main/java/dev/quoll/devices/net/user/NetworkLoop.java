package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.MacAddress;
import dev.quoll.devices.net.NetworkFrame;
import dev.quoll.devices.net.NetworkPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** One life of a network, from a driver's start to its end: the thread, and all that it knows of the guest. */
final class NetworkLoop {
    /** The gateway's Ethernet address, of the locally administered kind. */
    private static final MacAddress GATEWAY = new MacAddress(0x5255_0a00_0202L);
    /** How long to sleep when the guest's clock stands still. */
    private static final long STOPPED_CLOCK_MILLIS = 50;
    private static final int TIME_TO_LIVE = 8;

    private final Ipv4Subnet net;
    private final LongSupplier clock;
    private final ForwardListeners forwards;
    private final NetworkPort port;
    private final Selector selector;
    private final Deadlines deadlines = new Deadlines();
    private final GuestLink link;
    private final HostAddresses addresses;
    private final IcmpErrors errors;
    private final EchoService echo;
    private final Reassembly reassembly = new Reassembly(deadlines);
    private final Stalls stalls = new Stalls();
    private final UdpNat udp;
    private final TcpContext tcpContext;
    private final TcpNat tcp;

    private final NetworkFrame incoming = new NetworkFrame();
    private final Ipv4Packet packet = new Ipv4Packet();
    private final ConcurrentLinkedQueue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private volatile boolean woken;
    private volatile boolean stopping;
    private Thread thread;

    NetworkLoop(UserNetworkOptions options, LongSupplier clock, Path resolverFile, ForwardListeners forwards, NetworkPort port) {
        net = options.net();
        this.clock = clock;
        this.forwards = forwards;
        this.port = port;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("the host gives no more files to wait on", e);
        }
        SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
        link = new GuestLink(port, net, clock, options.mtu(), GATEWAY);
        addresses = new HostAddresses(net, new Resolvers(options.nameServers(), resolverFile, clock), options.restricted());
        errors = new IcmpErrors(link, net);
        echo = new EchoService(link, net, addresses, this::post);
        DhcpServer dhcp = new DhcpServer(link, net, options.restricted(), addresses.resolvers().domain());
        udp = new UdpNat(link, selector, deadlines, addresses, errors, stalls, dhcp);
        tcpContext = new TcpContext(link, clock, deadlines);
        tcp = new TcpNat(tcpContext, selector, addresses, random, errors);
    }

    void start(String name) {
        thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    void wake() {
        woken = true;
        selector.wakeup();
    }

    private void post(Runnable task) {
        posted.add(task);
        selector.wakeup();
    }

    /** Returns when the thread has ended. */
    void stop() {
        stopping = true;
        selector.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            listen();
            while (!stopping) {
                turn();
            }
        } catch (IOException e) {
            port.failed("the host's sockets cannot be waited for: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            port.failed("the network in user mode failed: " + e);
            throw e;
        } finally {
            tcp.close();
            selector.keys().forEach(key -> {
                if (!(key.attachment() instanceof TcpForward || key.attachment() instanceof UdpForward)) {
                    HostChannels.close(key.channel());
                }
            });
            closeSelector();
        }
    }

    private void closeSelector() {
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void listen() throws IOException {
        for (ForwardListeners.Listener listener : forwards.listeners()) {
            HostForward forward = listener.forward();
            int guest = forward.guestAddress() == 0 ? net.firstLease() : forward.guestAddress();
            switch (listener.channel()) {
                case ServerSocketChannel server -> server.register(selector, SelectionKey.OP_ACCEPT,
                        new TcpForward(server, tcp, tcpContext, net.gateway(), guest, forward.guestPort()));
                case DatagramChannel datagrams -> datagrams.register(selector, SelectionKey.OP_READ,
                        new UdpForward(datagrams, udp, clock, net.gateway(), guest, forward.guestPort()));
                default -> throw new AssertionError(listener);
            }
        }
    }

    private void turn() throws IOException {
        if (woken) {
            woken = false;
            link.mayHaveRoom();
            stalls.end();
        }
        int frames = 0;
        while (frames < Limits.FRAMES_A_TURN && port.take(incoming)) {
            receive(incoming);
            frames++;
        }
        for (Runnable task = posted.poll(); task != null; task = posted.poll()) {
            task.run();
        }
        deadlines.expire(clock.getAsLong());
        tcpContext.flush();
        port.flush();
        if (frames == Limits.FRAMES_A_TURN || port.arm()) {
            selector.selectNow(NetworkLoop::dispatch);
        } else {
            sleep();
        }
    }

    private void sleep() throws IOException {
        long first = deadlines.first();
        if (first == Deadlines.NEVER) {
            selector.select(NetworkLoop::dispatch);
            return;
        }
        long before = clock.getAsLong();
        long millis = Math.max(TimeUnit.NANOSECONDS.toMillis(first - before) + 1, 1);
        int ready = selector.select(NetworkLoop::dispatch, millis);
        if (ready == 0 && clock.getAsLong() == before && !woken) {
            selector.select(NetworkLoop::dispatch, STOPPED_CLOCK_MILLIS);
        }
    }

    private static void dispatch(SelectionKey key) {
        if (key.isValid()) {
            ((SelectorEvents) key.attachment()).ready(key);
        }
    }

    private void receive(NetworkFrame frame) {
        if (frame.length() < Ethernet.HEADER) {
            return;
        }
        switch (BigEndian.u16(frame.bytes(), Ethernet.TYPE)) {
            case Ethernet.ARP -> link.receiveArp(frame);
            case Ethernet.IPV4 -> receiveIpv4(frame);
            default -> { }
        }
    }

    private void receiveIpv4(NetworkFrame frame) {
        if (!packet.parse(frame, Ethernet.HEADER)) {
            return;
        }
        if (net.guest(packet.source)) {
            long station = MacAddress.at(frame.bytes(), Ethernet.SOURCE);
            if ((station >>> 40 & 1) == 0) {
                link.neighbours().learn(packet.source, station);
            }
        } else if (packet.source != 0 || packet.protocol != Ipv4Packet.UDP) {
            // Only a station that asks for its address has none.
            return;
        }
        if (packet.fragment()) {
            Ipv4Packet whole = reassembly.add(packet, clock.getAsLong());
            if (whole != null) {
                deliver(whole);
            }
        } else if (BigEndian.u8(packet.bytes, packet.offset + TIME_TO_LIVE) <= 1 && addresses.outside(packet.destination)) {
            errors.timeExceeded(packet);
        } else {
            deliver(packet);
        }
    }

    private void deliver(Ipv4Packet whole) {
        switch (whole.protocol) {
            case Ipv4Packet.TCP -> tcp.receive(whole);
            case Ipv4Packet.UDP -> udp.receive(whole, clock.getAsLong());
            case Ipv4Packet.ICMP -> echo.receive(whole);
            default -> { }
        }
    }
}
