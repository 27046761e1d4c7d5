package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.VirtioPlace;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of {@code quoll run} that put devices on the board. */
final class DeviceOptions {
    @Option(
            names = "--disk",
            paramLabel = DiskOption.SYNTAX,
            description = "A disk image, raw or qcow2; the first is /dev/vda. bps and iops limit bytes and requests per second.")
    private List<String> disks = List.of();

    /** Puts them into the plan. @throws IllegalArgumentException with a sentence */
    void into(PcBuilder plan) {
        for (int number = 0; number < disks.size(); number++) {
            plan.add(VirtioPlace.DISK, DiskOption.parse(disks.get(number)).source(number));
        }
    }
}
