/** Boots of one kernel and one initial ramdisk, under Quoll and under QEMU, in turn. */
package dev.quoll.benchmarks.boot;
