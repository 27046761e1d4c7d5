package dev.quoll.benchmarks.guest;

/**
 * One pass of one kernel. Times in nanoseconds.
 *
 * @param kernel its name
 * @param pass from 0
 * @param wall by the monotonic clock of the system that the kernel ran on
 * @param host by the host's clock, from line to line on the console: a little longer
 * @param cpu time of the host's processors that the kernel took; of a virtual machine, that of its vCPU threads; {@link #UNKNOWN}
 * @param checksum of what the kernel has computed
 */
record Measurement(String kernel, int pass, long wall, long host, long cpu, String checksum) {
    /** A time that was not seen. */
    static final long UNKNOWN = -1;
}
