/** What the host's KVM can do. */
package dev.quoll.kvm;
