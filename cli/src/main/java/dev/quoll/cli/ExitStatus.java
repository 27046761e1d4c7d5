package dev.quoll.cli;

/**
 * What {@code quoll} answers to the shell. {@code docs/exit-status.md} is this table for users; a test compares the two.
 * A signal ends the process with 128 plus its number, as the JVM does.
 */
enum ExitStatus {
    OK(0, "the guest powered off, or you left with Ctrl-A x; for other commands: done"),
    INTERNAL_ERROR(1, "a fault of Quoll itself; run again with --debug and report what it prints"),
    USAGE(2, "a wrong option or argument"),
    NO_IMAGE(3, "the kernel, initial ramdisk or firmware does not exist or cannot be read"),
    BAD_IMAGE(4, "the kernel, initial ramdisk or firmware is damaged, or not something this machine can boot"),
    KIT(5, "no kernel was given, or firmware by name, and the download kit could not get it"),
    NO_MEMORY(6, "the host refuses the guest's memory"),
    NO_ENGINE(7, "the engine asked for does not work here"),
    HOST_IO(8, "a file or device of the host failed: no permission, disk full, not there"),
    GUEST_CRASHED(9, "the guest crashed (triple fault)"),
    GUEST_HALTED(10, "the guest halted for good, with interrupts masked on every CPU"),
    GUEST_RESET(11, "the guest reset, and --no-reboot was given"),
    MACHINE_FAILED(12, "the engine or a device could not go on; the report says why"),
    DEVICE(13, "a disk, network or other device asked for cannot be had: not there, in use, damaged, no permission"),
    ENGINES_DIFFER(14, "lockstep: the two engines came to different states"),
    IMAGE_DAMAGED(15, "quoll image check has found errors by which content may be lost"),
    IMAGE_LEAKS(16, "quoll image check has found room that is taken and not used, and nothing worse"),
    EXISTS(17, "a file of that name exists, and --force was not given");

    /** What a process that SIGTERM ends answers. */
    static final int TERMINATED = 128 + 15;

    private final int code;
    private final String meaning;

    ExitStatus(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    String meaning() {
        return meaning;
    }
}
