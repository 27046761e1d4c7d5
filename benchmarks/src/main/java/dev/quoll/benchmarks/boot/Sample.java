package dev.quoll.benchmarks.boot;

import java.time.Duration;

/**
 * One boot.
 *
 * @param wall from the start of the process to the marker line
 * @param cpu user and system time of the process at the marker line, of all its threads
 */
record Sample(Duration wall, Duration cpu) {}
