/** A whole Debian from one disk image, under Quoll and under QEMU, in turn: what its users wait for. */
package dev.quoll.benchmarks.debian;
