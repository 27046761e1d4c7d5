package dev.quoll.devices.net.user;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The name servers that answer for the guest's: those given, or those of {@code resolv.conf}, which is read again now and then as hosts
 * move from network to network. One that does not answer is left for the next one.
 */
final class Resolvers {
    static final Path SYSTEM = Path.of("/etc/resolv.conf");
    private static final int PORT = 53;
    private static final long REREAD = 5_000_000_000L;

    private final List<InetSocketAddress> given;
    private final Path file;
    private final LongSupplier clock;
    private List<InetSocketAddress> servers;
    private String domain = "";
    private long read;
    private int current;

    /** @param given the servers, or none to take those of {@code file} */
    Resolvers(List<InetSocketAddress> given, Path file, LongSupplier clock) {
        this.given = List.copyOf(given);
        this.file = file;
        this.clock = clock;
        servers = this.given;
        reread();
    }

    private void reread() {
        read = clock.getAsLong();
        List<InetSocketAddress> found = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String[] words = line.strip().split("\\s+");
                if (words.length > 1 && words[0].equals("nameserver") && words[1].matches("[0-9.]+")) {
                    found.add(new InetSocketAddress(Ipv4Address.inet(Ipv4Address.parse(words[1])), PORT));
                } else if (words.length > 1 && (words[0].equals("search") || words[0].equals("domain"))) {
                    domain = words[1];
                }
            }
        } catch (IOException | IllegalArgumentException _) {
            // A host without name servers, or with a file that no resolver would read: there is nobody to ask.
            found.clear();
        }
        if (given.isEmpty()) {
            servers = found;
        }
    }

    /** The server to ask, or null when the host has none. */
    InetSocketAddress current() {
        if (given.isEmpty() && clock.getAsLong() - read > REREAD) {
            reread();
        }
        return servers.isEmpty() ? null : servers.get(Math.floorMod(current, servers.size()));
    }

    /** A server did not answer: the next one, if it is still the one asked. */
    void silent(InetSocketAddress server) {
        if (server.equals(current())) {
            current++;
        }
    }

    /** The host's domain for short names; empty without one. */
    String domain() {
        return domain;
    }
}
