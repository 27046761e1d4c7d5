/** The command line: commands, terminal, exit statuses. */
module dev.quoll.cli {
    requires dev.quoll.bindings;
    requires dev.quoll.boot;
    requires dev.quoll.devices;
    // Named for its engine, which is found by ServiceLoader.
    requires dev.quoll.emulator;
    requires dev.quoll.kvm;
    requires dev.quoll.machine;
    requires info.picocli;
    requires jdk.jfr;
    // For sun.misc.Signal: the only way to hear SIGCONT, after which a terminal must be set up again.
    requires jdk.unsupported;

    uses dev.quoll.machine.Assembler;
    uses dev.quoll.machine.Disassembler;

    opens dev.quoll.cli to
            info.picocli;
}
