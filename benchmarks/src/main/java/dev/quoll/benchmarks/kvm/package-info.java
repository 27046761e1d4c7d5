/** What an exit from a guest on KVM costs, beside a loop in C that does the same with the same guest. */
package dev.quoll.benchmarks.kvm;
