/**
 * The narrow waist of Quoll: what guest memory, buses, interrupt lines, time, devices, engines and virtual CPUs are to
 * each other. Devices, engines and the board know these contracts and nothing of one another.
 */
package dev.quoll.machine;
