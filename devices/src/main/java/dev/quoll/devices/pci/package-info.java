/** PCI configuration space, its two access mechanisms and the bus that routes them. */
package dev.quoll.devices.pci;
