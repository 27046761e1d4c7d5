package dev.quoll.machine;

import java.util.List;

/**
 * What a {@link Machine} is made of before any device is on it.
 *
 * @param ram disjoint, ascending by guest address
 * @param profile named CPU profile
 * @param cpus number of virtual CPUs, at least 1
 * @param reboot whether a guest's reset starts it anew; otherwise the machine ends with {@link Outcome.Reset}
 * @param hugePages whether RAM is in {@link MemorySource#mapHuge huge pages}
 */
public record MachineConfig(List<RamRegion> ram, CpuProfile profile, int cpus, boolean reboot, boolean hugePages) {
    public MachineConfig {
        ram = List.copyOf(ram);
        if (cpus < 1) {
            throw new IllegalArgumentException("a machine has at least 1 CPU, not " + cpus);
        }
    }

    /** With RAM in ordinary pages. */
    public MachineConfig(List<RamRegion> ram, CpuProfile profile, int cpus, boolean reboot) {
        this(ram, profile, cpus, reboot, false);
    }
}
