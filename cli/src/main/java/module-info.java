/** The command line: commands, terminal, exit statuses. */
module dev.quoll.cli {
    requires dev.quoll.bindings;
    requires dev.quoll.machine;
    requires info.picocli;

    uses dev.quoll.machine.Disassembler;

    opens dev.quoll.cli to
            info.picocli;
}
