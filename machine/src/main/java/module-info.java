/** Contracts between guest memory, buses, devices, engines and the board; depends on the JDK only. */
module dev.quoll.machine {
    exports dev.quoll.machine;

    uses dev.quoll.machine.MemorySource;
    uses dev.quoll.machine.Engine;
    uses dev.quoll.machine.InstructionAssist;
    uses dev.quoll.machine.Assembler;
    uses dev.quoll.machine.Disassembler;

    provides dev.quoll.machine.MemorySource with
            dev.quoll.machine.SparseFileMemorySource;
}
