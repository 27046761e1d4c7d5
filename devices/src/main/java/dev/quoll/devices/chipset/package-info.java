/** The parts of Intel's Q35 chipset and ICH9 that firmware looks for: memory controller, LPC bridge, shadow RAM. */
package dev.quoll.devices.chipset;
