/** Serial port models and what they need of a host console. */
package dev.quoll.devices.serial;
