/** Linux KVM: what the host's {@code /dev/kvm} can do and how fast, and the engine that runs guests on it. */
module dev.quoll.kvm {
    requires dev.quoll.bindings;
    requires transitive dev.quoll.machine;

    exports dev.quoll.kvm;

    uses dev.quoll.machine.Disassembler;
    uses dev.quoll.machine.InstructionAssist;

    provides dev.quoll.machine.Engine with
            dev.quoll.kvm.KvmEngine;
}
