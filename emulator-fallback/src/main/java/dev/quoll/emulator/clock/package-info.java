/** Guest time as paravirtual guests read it: the KVM clock. */
package dev.quoll.emulator.clock;
