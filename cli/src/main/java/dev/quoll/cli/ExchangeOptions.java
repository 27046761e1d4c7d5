package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.VirtioPlace;
import dev.quoll.devices.entropy.VirtioEntropy;
import java.security.SecureRandom;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of {@code quoll run} for devices by which a guest and its host have dealings beside disks and networks. */
final class ExchangeOptions {
    @Option(names = "--rng", description = "An entropy device, /dev/hwrng.")
    private boolean entropy;

    @Option(
            names = "--share",
            paramLabel = ShareOption.SYNTAX,
            description = "A folder, or a zip file, for the guest: mount -t virtiofs TAG /mnt. Tags are share0, share1, ... by default; "
                    + "files are shown as root's, or as owner says.")
    private List<String> shares = List.of();

    @Option(
            names = "--vsock",
            paramLabel = VsockOption.SYNTAX,
            description = "Sockets between guest and host: connect to SOCKET and write \"CONNECT port\" to reach the guest; the guest's "
                    + "connections to port P of the host come out of SOCKET_P.")
    private String vsock;

    @Option(
            names = "--port",
            paramLabel = PortOption.SYNTAX,
            description = "A channel between guest and host: /dev/virtio-ports/NAME there, or /dev/hvc0 for a console; here a socket "
                    + "to connect to, a file for its output, or a terminal.")
    private List<String> ports = List.of();

    @Option(
            names = "--balloon",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "A memory balloon, through which the guest gives SIZE (0 to all) of its memory back, and what is free for the "
                    + "moment; --stats shows what it says of its memory.")
    private ByteSize balloon;

    /** Puts the devices into the plan. @throws IllegalArgumentException with a sentence */
    void into(PcBuilder plan) {
        if (entropy) {
            plan.add(VirtioPlace.ENTROPY, (machine, _) -> new VirtioEntropy(
                    machine.memory(), new SecureRandom(), VirtioEntropy.DEFAULT_RATE, machine.clock(), machine.timers()));
        }
        if (vsock != null) {
            plan.add(VirtioPlace.SOCKET, VsockOption.parse(vsock).source());
        }
        if (!ports.isEmpty()) {
            plan.add(VirtioPlace.CONSOLE, PortOption.source(ports.stream().map(PortOption::parse).toList()));
        }
        if (balloon != null) {
            plan.add(VirtioPlace.BALLOON, BalloonOption.source(balloon));
        }
        for (int number = 0; number < shares.size(); number++) {
            plan.add(VirtioPlace.FILE_SHARING, ShareOption.parse(shares.get(number), number).source(number));
        }
    }
}
