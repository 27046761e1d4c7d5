/** Sockets between guest and host: the virtio socket device (virtio 1.2, section 5.10), with Unix sockets on the host. */
package dev.quoll.devices.vsock;
