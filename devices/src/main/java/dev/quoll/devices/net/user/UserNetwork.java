package dev.quoll.devices.net.user;

import dev.quoll.devices.net.NetworkBackend;
import dev.quoll.devices.net.NetworkPort;
import dev.quoll.devices.net.Offloads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * A network in user mode behind a card. The guest gets its address by DHCP, reaches what the host reaches, the host itself at the
 * gateway's address, and is reached through forwarded ports only.
 *
 * <p>Connections do not outlive a reset of the card, nor are they part of a snapshot: a guest that is restored finds them reset.
 */
public final class UserNetwork implements NetworkBackend {
    private final UserNetworkOptions options;
    private final LongSupplier clock;
    private final Path resolverFile;
    private final ForwardListeners forwards;
    private volatile NetworkLoop loop;

    /**
     * Binds the forwarded ports.
     *
     * @param clock guest time in nanoseconds, which stands still while the machine does: nothing times out meanwhile
     * @throws IOException when a port of the host cannot be bound; one sentence
     */
    public UserNetwork(UserNetworkOptions options, LongSupplier clock) throws IOException {
        this(options, clock, Resolvers.SYSTEM);
    }

    UserNetwork(UserNetworkOptions options, LongSupplier clock, Path resolverFile) throws IOException {
        this.options = options;
        this.clock = clock;
        this.resolverFile = resolverFile;
        forwards = new ForwardListeners(options.forwards());
    }

    @Override
    public Offloads accepts() {
        return new Offloads(true, true, false);
    }

    @Override
    public Offloads provides() {
        return new Offloads(true, true, false);
    }

    @Override
    public int mtu() {
        return options.mtu();
    }

    /** The host's port of a forwarding, by its place in the options. */
    public int forwardedPort(int index) throws IOException {
        return forwards.port(index);
    }

    @Override
    public void start(NetworkPort port, String threadName) {
        NetworkLoop next = new NetworkLoop(options, clock, resolverFile, forwards, port);
        loop = next;
        next.start(threadName);
    }

    @Override
    public void wake() {
        NetworkLoop current = loop;
        if (current != null) {
            current.wake();
        }
    }

    @Override
    public void stop() {
        NetworkLoop current = loop;
        if (current != null) {
            loop = null;
            current.stop();
        }
    }

    @Override
    public void close() {
        stop();
        forwards.close();
    }
}
