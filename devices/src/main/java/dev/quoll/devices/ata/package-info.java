/** An AHCI controller and the drives that can be at its ports: disks, and drives for optical media. */
package dev.quoll.devices.ata;
