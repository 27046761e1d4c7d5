package dev.quoll.devices.net.user;

import dev.quoll.devices.net.NetworkFrame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** One UDP conversation of the guest. */
final class UdpFlow extends Deadlines.Entry implements SelectorEvents {
    /** A name server that has said nothing for so long is given up; resolvers ask again after 5 s. */
    private static final long NAME_SERVER_PATIENCE = TimeUnit.MILLISECONDS.toNanos(2500);
    private static final int MOST_DATA = 65507;

    private final UdpNat nat;
    private final UdpNat.Endpoints endpoints;
    private final InetSocketAddress target;
    private final DatagramChannel channel;
    private final boolean nameService;
    /** What an ICMP error quotes: the header and ports of the first packet. */
    private final byte[] quotable;
    private long lastUsed;
    private long unansweredSince = Deadlines.NEVER;

    UdpFlow(UdpNat nat, UdpNat.Endpoints endpoints, InetSocketAddress target, DatagramChannel channel, Ipv4Packet first) {
        this.nat = nat;
        this.endpoints = endpoints;
        this.target = target;
        this.channel = channel;
        nameService = nat.addresses().nameService(endpoints.remoteAddress(), endpoints.remotePort());
        quotable = Arrays.copyOfRange(first.bytes, first.offset, first.payload() + UdpHeader.LENGTH);
    }

    InetSocketAddress target() {
        return target;
    }

    /** Sends a datagram of the guest; lost when the host's socket is full, as UDP may be. */
    void send(byte[] bytes, int offset, int length, long now) {
        lastUsed = now;
        if (nameService && unansweredSince == Deadlines.NEVER) {
            unansweredSince = now;
        }
        schedule();
        try {
            channel.write(ByteBuffer.wrap(bytes, offset, length));
        } catch (PortUnreachableException _) {
            refused();
        } catch (IOException _) {
            // Too large for the route, or no route any more.
            close();
        }
    }

    private void schedule() {
        long silence = unansweredSince == Deadlines.NEVER ? Deadlines.NEVER : unansweredSince + NAME_SERVER_PATIENCE;
        nat.deadlines().set(this, Math.min(silence, lastUsed + Limits.UDP_IDLE));
    }

    @Override
    public void ready(SelectionKey key) {
        NetworkFrame frame = nat.link().frame();
        for (int i = 0; i < Limits.DATAGRAMS_A_TURN && channel.isOpen(); i++) {
            int length;
            try {
                length = channel.read(frame.view(GuestLink.PAYLOAD + UdpHeader.LENGTH, MOST_DATA));
                if (length <= 0) {
                    // None left. An empty datagram looks the same, and is not handed on.
                    return;
                }
            } catch (PortUnreachableException _) {
                refused();
                continue;
            } catch (IOException _) {
                close();
                return;
            }
            unansweredSince = Deadlines.NEVER;
            boolean sent = nat.link().sendUdp(
                    endpoints.remoteAddress(), endpoints.remotePort(), endpoints.guestAddress(), endpoints.guestPort(), length);
            if (!sent) {
                nat.stalls().add(key);
                return;
            }
        }
    }

    private void refused() {
        if (nameService) {
            nat.addresses().resolvers().silent(target);
        }
        nat.errors().portUnreachable(quotable, endpoints.guestAddress());
    }

    @Override
    void expired(long now) {
        if (now - lastUsed >= Limits.UDP_IDLE) {
            close();
            return;
        }
        nat.addresses().resolvers().silent(target);
        unansweredSince = Deadlines.NEVER;
        schedule();
    }

    void close() {
        nat.deadlines().remove(this);
        nat.forget(endpoints);
        HostChannels.close(channel);
    }
}
