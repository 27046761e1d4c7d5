package dev.quoll.cli;

import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.net.Capture;
import dev.quoll.devices.net.MacAddress;
import dev.quoll.devices.net.NetworkBackend;
import dev.quoll.devices.net.TapNetwork;
import dev.quoll.devices.net.VirtioNet;
import dev.quoll.devices.net.user.HostForward;
import dev.quoll.devices.net.user.Ipv4Subnet;
import dev.quoll.devices.net.user.UserNetwork;
import dev.quoll.devices.net.user.UserNetworkOptions;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A network card as {@code --net} says it.
 *
 * @param mac empty for one made up
 * @param capture where frames are recorded
 */
record NetOption(
        Wire wire,
        Optional<MacAddress> mac,
        int queues,
        Optional<Path> capture,
        RateLimiter.Limits fromGuest,
        RateLimiter.Limits toGuest) {
    static final String SYNTAX = "user|tap[,SETTING=VALUE]...";

    private static final String NAME = "--net";
    private static final Set<String> COMMON =
            Set.of("mac", "mtu", "queues", "pcap", "tx-bps", "rx-bps", "tx-pps", "rx-pps");
    private static final Set<String> USER = Set.of("hostfwd", "net", "dns", "restrict");
    private static final Set<String> TAP = Set.of("ifname");

    /** What is at the other end. */
    sealed interface Wire {
        record User(UserNetworkOptions options) implements Wire {}

        record Tap(String interfaceName, int mtu) implements Wire {}
    }

    /** @throws IllegalArgumentException with a sentence */
    static NetOption parse(String text) {
        String kind = text.split(",", 2)[0];
        Set<String> keys = new HashSet<>(COMMON);
        keys.addAll(switch (kind) {
            case "user" -> USER;
            case "tap" -> TAP;
            default -> throw new IllegalArgumentException("%s is user or tap, not \"%s\"".formatted(NAME, kind));
        });
        OptionWords words = new OptionWords(NAME, text, true, keys, "hostfwd");
        words.flags(Set.of());
        int mtu = small(words, "mtu", UserNetworkOptions.DEFAULT_MTU);
        NetOption option = new NetOption(
                kind.equals("user") ? new Wire.User(user(words, mtu)) : new Wire.Tap(interfaceName(words), mtu),
                words.text("mac").map(MacAddress::parse),
                small(words, "queues", 1),
                words.text("pcap").map(Path::of),
                new RateLimiter.Limits(words.number("tx-bps", 0), words.number("tx-pps", 0)),
                new RateLimiter.Limits(words.number("rx-bps", 0), words.number("rx-pps", 0)));
        option.options(0);
        return option;
    }

    private static int small(OptionWords words, String key, int otherwise) {
        return Math.toIntExact(Math.min(Integer.MAX_VALUE, words.number(key, otherwise)));
    }

    private static UserNetworkOptions user(OptionWords words, int mtu) {
        return new UserNetworkOptions(
                words.text("net").map(Ipv4Subnet::parse).orElse(Ipv4Subnet.DEFAULT),
                words.repeated().stream().map(HostForward::parse).toList(),
                words.text("dns").map(UserNetworkOptions::parseNameServer).map(List::of).orElse(List.of()),
                words.text("restrict").map(NetOption::onOrOff).orElse(false),
                mtu);
    }

    private static boolean onOrOff(String word) {
        return switch (word) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new IllegalArgumentException("%s: restrict is on or off, not \"%s\"".formatted(NAME, word));
        };
    }

    private static String interfaceName(OptionWords words) {
        return words.text("ifname")
                .orElseThrow(() -> new IllegalArgumentException("%s tap needs the interface's name: ifname=tap0".formatted(NAME)));
    }

    private VirtioNet.Options options(int number) {
        MacAddress address = mac.orElseGet(() -> MacAddress.random(new SecureRandom()));
        return new VirtioNet.Options("net" + number, address, queues, fromGuest, toGuest);
    }

    /** Opens what is at the other end when the machine is made, and closes it with the machine. @param number of the card, from 0 */
    VirtioSource source(int number) {
        return (machine, notices) -> {
            NetworkBackend backend = open(machine);
            machine.closeWith(backend);
            Capture recorder = null;
            if (capture.isPresent()) {
                recorder = capture(capture.get(), machine, notices);
                machine.closeWith(recorder);
            }
            return new VirtioNet(
                    backend, options(number), machine.memory(), machine.clock(), machine.timers(), recorder, notices);
        };
    }

    private NetworkBackend open(Machine machine) throws IOException {
        return switch (wire) {
            case Wire.User(UserNetworkOptions options) -> new UserNetwork(options, machine.clock()::nanos);
            case Wire.Tap(String interfaceName, int mtu) -> new TapNetwork(interfaceName, mtu);
        };
    }

    private static Capture capture(Path file, Machine machine, Consumer<String> notices) throws IOException {
        try {
            return new Capture(file, machine.clock(), notices);
        } catch (IOException e) {
            throw new IOException("the capture %s cannot be written: %s".formatted(file, HostErrors.reason(e)), e);
        }
    }
}
