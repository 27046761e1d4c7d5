/** The pure-Java x86-64 CPU. */
module dev.quoll.emulator {
    requires dev.quoll.bindings;
    requires dev.quoll.machine;
}
