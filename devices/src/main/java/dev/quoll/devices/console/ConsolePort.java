package dev.quoll.devices.console;

/**
 * A port of the console device.
 *
 * @param name what the guest finds it by, {@code /dev/virtio-ports/NAME}; may be empty for a console
 * @param console whether the guest makes a terminal of it, {@code /dev/hvc0} and on
 * @param end what it is connected to; closed by whoever made it, once the device has stopped
 */
public record ConsolePort(String name, boolean console, PortEnd end) {}
