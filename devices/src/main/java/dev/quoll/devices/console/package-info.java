/** The virtio console device and what its ports are connected to on the host. */
package dev.quoll.devices.console;
