/** Small ports for diagnosis and reset: debug console, boot stamps, debug exit, reset control. */
package dev.quoll.devices.debug;
