/**
 * The local APICs of an emulated machine and the bus between them (SDM vol. 3, chapter 12; APM vol. 2, chapter 16).
 * Interrupts arrive from any thread without a lock; each APIC's registers belong to its CPU's thread.
 */
package dev.quoll.emulator.apic;
