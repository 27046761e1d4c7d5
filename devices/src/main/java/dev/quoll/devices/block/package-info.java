/** Disks: image formats, and the virtio device in front of them. */
package dev.quoll.devices.block;
