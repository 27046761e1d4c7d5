package dev.quoll.devices.net.user;

import java.util.concurrent.TimeUnit;

/** How much of the host one guest can take, and for how long. Times in nanoseconds of the guest's clock, sizes in bytes. */
final class Limits {
    static final int TCP_CONNECTIONS = 1024;
    /** Of one direction of one connection: what can be in flight to the guest, and the window it is given. */
    static final int TCP_BUFFER = 1 << 20;
    /** Every direction of every connection may have so much, whatever the others hold. */
    static final int TCP_BUFFER_ASSURED = 16 << 10;
    /** What all connections together may have beyond what each is assured. */
    static final long TCP_BUFFERS = 64L << 20;
    /** Gaps remembered in one direction of one connection. */
    static final int TCP_RANGES = 32;

    static final int UDP_FLOWS = 512;
    static final int FORWARD_PEERS = 256;
    static final long UDP_IDLE = TimeUnit.SECONDS.toNanos(120);

    static final int ECHOES = 16;
    static final int ECHO_TIMEOUT_MILLIS = 4000;

    static final int REASSEMBLIES = 8;
    static final int FRAGMENT_GAPS = 64;
    /** RFC 1122, 3.3.2, asks for 60 to 120 s; nothing on this link is ever that late. */
    static final long REASSEMBLY_TIMEOUT = TimeUnit.SECONDS.toNanos(15);

    static final int NEIGHBOURS = 64;
    static final int LEASES = 64;

    /** Frames taken from the guest before sockets are looked at again. */
    static final int FRAMES_A_TURN = 64;
    /** Bytes taken from one socket before others are looked at. */
    static final int BYTES_A_TURN = 512 << 10;
    static final int DATAGRAMS_A_TURN = 32;

    private Limits() {}
}
