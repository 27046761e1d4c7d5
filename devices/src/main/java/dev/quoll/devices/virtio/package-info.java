/** Virtio 1.2: queues, transports and what every device of it shares. Section numbers are those of the OASIS specification, version 1.2. */
package dev.quoll.devices.virtio;
