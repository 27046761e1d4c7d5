/**
 * The qcow2 format, versions 2 and 3 (QEMU's docs/interop/qcow2.txt): a disk in clusters that are mapped through tables of two
 * levels (L1, L2) and counted by references, which is what makes overlays, snapshots and compression possible.
 */
package dev.quoll.devices.block.qcow2;
