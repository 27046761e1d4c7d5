/** What firmware finds on a board: its configuration device, flash memory and the script that places ACPI tables. */
package dev.quoll.devices.firmware;
