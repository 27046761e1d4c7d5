package dev.quoll.devices.net.user;

/** Comparison of TCP sequence numbers, which wrap (RFC 9293, 3.4). Right for numbers less than 2^31 apart. */
final class Sequence {
    private Sequence() {}

    static boolean before(int a, int b) {
        return a - b < 0;
    }

    static boolean after(int a, int b) {
        return a - b > 0;
    }

    static int later(int a, int b) {
        return a - b >= 0 ? a : b;
    }

    static int earlier(int a, int b) {
        return a - b <= 0 ? a : b;
    }
}
