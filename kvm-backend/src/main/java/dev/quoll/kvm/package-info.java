/** What the host's KVM can do, and the engine over it. */
package dev.quoll.kvm;
