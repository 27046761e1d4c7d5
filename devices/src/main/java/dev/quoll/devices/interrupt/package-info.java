/** Interrupt controllers outside the local APIC (8259 pair, I/O APIC) and the output side of an interrupt wire. */
package dev.quoll.devices.interrupt;
