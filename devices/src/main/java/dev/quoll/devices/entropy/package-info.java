/** Random numbers for the guest: the virtio entropy device. */
package dev.quoll.devices.entropy;
