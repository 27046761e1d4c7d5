/** The command line. */
module dev.quoll.cli {
    requires dev.quoll.machine;
    requires info.picocli;

    opens dev.quoll.cli to
            info.picocli;
}
