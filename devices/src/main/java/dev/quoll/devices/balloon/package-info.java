/** Memory that a guest gives back while it runs: the virtio memory balloon. */
package dev.quoll.devices.balloon;
