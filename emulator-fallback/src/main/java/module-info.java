/** The engine in pure Java: an x86-64 processor with soft MMU, interpreter and local APIC. */
module dev.quoll.emulator {
    requires dev.quoll.bindings;
    requires transitive dev.quoll.machine;

    provides dev.quoll.machine.Engine with
            dev.quoll.emulator.EmulatorEngine;
    provides dev.quoll.machine.InstructionAssist with
            dev.quoll.emulator.EmulatedInstructions;
    provides dev.quoll.machine.Assembler with
            dev.quoll.emulator.IntelAssembler;
    provides dev.quoll.machine.Disassembler with
            dev.quoll.emulator.IntelDisassembler;
}
