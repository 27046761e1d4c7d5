package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.SataDrive;
import dev.quoll.boot.Transport;
import dev.quoll.boot.VirtioPlace;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code quoll run} that put devices on the board. */
final class DeviceOptions {
    @Option(
            names = "--disk",
            paramLabel = DiskOption.SYNTAX,
            description = "A disk image, raw or qcow2; the first is /dev/vda. bps and iops limit bytes and requests per second.")
    private List<String> disks = List.of();

    @Option(
            names = "--cdrom",
            paramLabel = "FILE",
            description = "An ISO image in a CD-ROM drive, at an AHCI controller; may be given again for more drives.")
    private List<Path> discs = List.of();

    @Option(
            names = "--net",
            paramLabel = NetOption.SYNTAX,
            description = "A network card: on a network of its own that goes out through this process (user), or on a tap interface; "
                    + "docs/networking.md has the settings.")
    private List<String> nets = List.of();

    @Option(
            names = "--transport",
            paramLabel = "HOW",
            defaultValue = "pci",
            description = "How virtio devices are connected: pci, or mmio on a board without PCI (default: ${DEFAULT-VALUE}).")
    private Transport transport;

    @Option(names = "--packed-rings", description = "Offers packed virtio rings to the guest, beside split ones.")
    private boolean packedRings;

    @Mixin
    private ExchangeOptions exchange;

    /** The images behind the disks, in order. @throws IllegalArgumentException with a sentence */
    List<ImageSource> images() {
        return disks.stream().map(text -> DiskOption.parse(text).image()).toList();
    }

    /** Makes this the machine of a guest of ours: its disk before all others, and a network if none is asked for. */
    void forGuest(Path image) {
        List<String> all = new ArrayList<>(disks);
        all.addFirst(image.toString().replace(",", ",,"));
        disks = all;
        if (nets.isEmpty()) {
            nets = List.of("user");
        }
    }

    /** Puts them into the plan. @throws IllegalArgumentException with a sentence */
    void into(PcBuilder plan) {
        plan.transport(transport).packedRings(packedRings);
        for (int number = 0; number < disks.size(); number++) {
            DiskOption.parse(disks.get(number)).into(plan, number);
        }
        for (int number = 0; number < discs.size(); number++) {
            ImageSource disc = new ImageSource(discs.get(number), Optional.of(ImageFormat.RAW), true);
            plan.add(new SataDrive(disc, true, "cdrom" + number));
        }
        for (int number = 0; number < nets.size(); number++) {
            plan.add(VirtioPlace.NETWORK, NetOption.parse(nets.get(number)).source(number));
        }
        exchange.into(plan);
    }
}
