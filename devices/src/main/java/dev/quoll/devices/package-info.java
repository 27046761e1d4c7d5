/**
 * Device models, one package a family. Rules that hold for all of them: a device serialises itself with one lock; its
 * interrupt line and messages are signalled after that lock is released ({@link
 * dev.quoll.devices.interrupt.InterruptOutput}); register accesses allocate nothing; guest time comes from the guest
 * clock and is evaluated when a register is read, so that an idle device costs no host time; each device's state is one
 * record that compares by value.
 *
 * <p>Threat model, common part: a guest may write any value to any register at any time from several CPUs. Every table
 * index is masked or range-checked, every queue has a fixed size, no loop's length comes from a guest value, and timer
 * rates have a floor, so the worst a guest gets is a device that misbehaves towards itself. What a class adds to this
 * is said in its own threat paragraph.
 */
package dev.quoll.devices;
