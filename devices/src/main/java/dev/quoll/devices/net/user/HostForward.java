package dev.quoll.devices.net.user;

import java.util.Locale;

/**
 * A port of the host that leads to a port of the guest.
 *
 * @param hostAddress where the host listens; 0 for all of its addresses
 * @param hostPort 1 to 65535; 0 for one that the host chooses
 * @param guestAddress 0 for the first address that DHCP gives
 * @param guestPort 1 to 65535
 */
public record HostForward(Protocol protocol, int hostAddress, int hostPort, int guestAddress, int guestPort) {
    /** What is forwarded. */
    public enum Protocol {
        TCP,
        UDP
    }

    private static final String FORM = "\"%s\" is not a forwarding such as tcp::2222-:22 or tcp:127.0.0.1:8080-10.0.2.15:80";

    /**
     * {@code tcp:[HOSTADDRESS]:HOSTPORT-[GUESTADDRESS]:GUESTPORT}, and so for {@code udp}.
     *
     * @throws IllegalArgumentException when it is not of that form; a sentence without its full stop
     */
    public static HostForward parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException(FORM.formatted(text));
        }
        Protocol protocol = switch (parts[0].toLowerCase(Locale.ROOT)) {
            case "tcp", "" -> Protocol.TCP;
            case "udp" -> Protocol.UDP;
            default -> throw new IllegalArgumentException(FORM.formatted(text));
        };
        int dash = parts[2].indexOf('-');
        if (dash < 0) {
            throw new IllegalArgumentException(FORM.formatted(text));
        }
        String guest = parts[2].substring(dash + 1);
        return new HostForward(
                protocol,
                parts[1].isEmpty() ? 0 : Ipv4Address.parse(parts[1]),
                port(parts[2].substring(0, dash), 0, text),
                guest.isEmpty() ? 0 : Ipv4Address.parse(guest),
                port(parts[3], 1, text));
    }

    private static int port(String number, int least, String text) {
        if (number.matches("[0-9]{1,5}") && Integer.parseInt(number) >= least && Integer.parseInt(number) <= 65535) {
            return Integer.parseInt(number);
        }
        throw new IllegalArgumentException(FORM.formatted(text));
    }

    @Override
    public String toString() {
        return "%s:%s:%d-%s:%d".formatted(
                protocol.name().toLowerCase(Locale.ROOT),
                hostAddress == 0 ? "" : Ipv4Address.format(hostAddress),
                hostPort,
                guestAddress == 0 ? "" : Ipv4Address.format(guestAddress),
                guestPort);
    }
}
