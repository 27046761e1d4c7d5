package dev.quoll.devices.share;

/** Requests of the FUSE protocol, with their numbers (enum fuse_opcode). */
enum FuseOpcode {
    LOOKUP(1),
    FORGET(2),
    GETATTR(3),
    SETATTR(4, true),
    READLINK(5),
    SYMLINK(6, true),
    MKNOD(8, true),
    MKDIR(9, true),
    UNLINK(10, true),
    RMDIR(11, true),
    RENAME(12, true),
    LINK(13, true),
    OPEN(14),
    READ(15),
    WRITE(16, true),
    STATFS(17),
    RELEASE(18),
    FSYNC(20),
    SETXATTR(21, true),
    GETXATTR(22),
    LISTXATTR(23),
    REMOVEXATTR(24, true),
    FLUSH(25),
    INIT(26),
    OPENDIR(27),
    READDIR(28),
    RELEASEDIR(29),
    FSYNCDIR(30),
    ACCESS(34),
    CREATE(35, true),
    INTERRUPT(36),
    DESTROY(38),
    BATCH_FORGET(42),
    FALLOCATE(43, true),
    READDIRPLUS(44),
    RENAME2(45, true),
    LSEEK(46),
    COPY_FILE_RANGE(47, true);

    private static final FuseOpcode[] BY_NUMBER = new FuseOpcode[64];

    static {
        for (FuseOpcode opcode : values()) {
            BY_NUMBER[opcode.number] = opcode;
        }
    }

    private final int number;
    private final boolean changes;

    FuseOpcode(int number) {
        this(number, false);
    }

    FuseOpcode(int number, boolean changes) {
        this.number = number;
        this.changes = changes;
    }

    /** The request of a number, or null when this device does not know it. */
    static FuseOpcode of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    }

    int number() {
        return number;
    }

    /** Whether it changes something in the folder, and so fails in one that is shared read-only. */
    boolean changes() {
        return changes;
    }

    /** Whether the driver waits for an answer. */
    boolean hasReply() {
        return this != FORGET && this != BATCH_FORGET;
    }
}
