/** The 8042 keyboard controller and its keyboard. */
package dev.quoll.devices.input;
