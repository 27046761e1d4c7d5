package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;

/** Puts the guest's fragments together (RFC 791, 3.2), a few datagrams at a time; when all places are taken, the oldest is given up. */
final class Reassembly {
    private static final int MOST_PAYLOAD = 65535 - Ipv4Packet.HEADER;

    /** A datagram in the making. */
    private final class Datagram extends Deadlines.Entry {
        private final byte[] bytes = new byte[65535];
        private final SequenceRanges have = new SequenceRanges(Limits.FRAGMENT_GAPS);
        private boolean used;
        private int source;
        private int destination;
        private int protocol;
        private int identification;
        private int total;
        private long began;

        private boolean matches(Ipv4Packet packet) {
            return used && identification == packet.identification() && source == packet.source
                    && destination == packet.destination && protocol == packet.protocol;
        }

        private void begin(Ipv4Packet packet, long now) {
            used = true;
            source = packet.source;
            destination = packet.destination;
            protocol = packet.protocol;
            identification = packet.identification();
            total = -1;
            began = now;
            have.clear();
            deadlines.set(this, now + Limits.REASSEMBLY_TIMEOUT);
        }

        private void end() {
            used = false;
            deadlines.remove(this);
        }

        /** Adds a fragment. @return whether the datagram is whole */
        private boolean add(Ipv4Packet packet) {
            int from = packet.fragmentOffset();
            int to = from + packet.payloadLength();
            boolean last = !packet.moreFragments();
            boolean wrong = to > MOST_PAYLOAD || from == to || last && total >= 0 && total != to || total >= 0 && to > total
                    || !last && (to & 7) != 0;
            if (wrong || !have.add(from, to)) {
                end();
                return false;
            }
            System.arraycopy(packet.bytes, packet.payload(), bytes, Ipv4Packet.HEADER + from, packet.payloadLength());
            if (last) {
                total = to;
            }
            return total >= 0 && have.gapFrom(0) == total && have.size() == 1;
        }

        private void header() {
            BigEndian.put16(bytes, 0, 0x4500);
            BigEndian.put16(bytes, 2, Ipv4Packet.HEADER + total);
            BigEndian.put32(bytes, 4, 0);
            BigEndian.put16(bytes, 8, 64 << 8 | protocol);
            BigEndian.put16(bytes, 10, 0);
            BigEndian.put32(bytes, 12, source);
            BigEndian.put32(bytes, 16, destination);
            BigEndian.put16(bytes, 10, InternetChecksum.of(InternetChecksum.add(0, bytes, 0, Ipv4Packet.HEADER)));
        }

        @Override
        void expired(long now) {
            used = false;
        }
    }

    private final Deadlines deadlines;
    private final Datagram[] datagrams = new Datagram[Limits.REASSEMBLIES];
    private final Ipv4Packet whole = new Ipv4Packet();

    Reassembly(Deadlines deadlines) {
        this.deadlines = deadlines;
    }

    /** Takes a fragment. @return the datagram when it is whole with it, valid until the next call; else null */
    Ipv4Packet add(Ipv4Packet packet, long now) {
        Datagram datagram = place(packet, now);
        if (!datagram.add(packet)) {
            return null;
        }
        datagram.header();
        datagram.end();
        return whole.parse(datagram.bytes, 0, datagram.bytes.length, false) ? whole : null;
    }

    private Datagram place(Ipv4Packet packet, long now) {
        int best = 0;
        for (int i = 0; i < datagrams.length; i++) {
            Datagram at = datagrams[i];
            if (at != null && at.matches(packet)) {
                return at;
            }
            if (rank(at) < rank(datagrams[best])) {
                best = i;
            }
        }
        if (datagrams[best] == null) {
            datagrams[best] = new Datagram();
        }
        datagrams[best].begin(packet, now);
        return datagrams[best];
    }

    /** Which place to take first: one used before, then a new one, then the oldest. */
    private static long rank(Datagram datagram) {
        if (datagram == null) {
            return Long.MIN_VALUE + 1;
        }
        return datagram.used ? datagram.began : Long.MIN_VALUE;
    }
}
