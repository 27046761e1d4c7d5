package dev.quoll.machine;

/**
 * Everything an engine needs of a machine.
 *
 * @param memory guest RAM; stays open until the partition is closed
 * @param ports port space, reached straight from the vCPU loop
 * @param mmio memory-mapped device space; what neither RAM nor the engine's own local APIC page claims goes here
 * @param clock the one source of guest time
 * @param timers callbacks in guest time, for the local APIC timer
 * @param profile named CPU profile, see {@link CpuProfile}
 * @param cpus number of virtual CPUs, at least 1; CPU 0 is the bootstrap processor, APIC id = index
 * @param power where a triple fault or a fatal engine error is reported
 */
public record PartitionConfig(
        GuestMemory memory,
        PortBus ports,
        MmioBus mmio,
        GuestClock clock,
        TimerQueue timers,
        CpuProfile profile,
        int cpus,
        PowerSink power) {}
