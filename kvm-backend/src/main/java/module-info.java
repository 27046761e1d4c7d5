/** Linux KVM: what the host's {@code /dev/kvm} can do, and how fast. */
module dev.quoll.kvm {
    requires dev.quoll.bindings;
    requires transitive dev.quoll.machine;

    exports dev.quoll.kvm;
}
