/** Host back-ends: console output and input, guest RAM in a memfd. */
package dev.quoll.devices.host;
