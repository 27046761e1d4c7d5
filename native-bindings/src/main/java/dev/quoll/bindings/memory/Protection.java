package dev.quoll.bindings.memory;

import dev.quoll.bindings.linux.linux_h;

/** What a mapping permits. No member permits both writing and execution. */
public enum Protection {
    NONE(linux_h.PROT_NONE()),
    READ(linux_h.PROT_READ()),
    READ_WRITE(linux_h.PROT_READ() | linux_h.PROT_WRITE()),
    READ_EXECUTE(linux_h.PROT_READ() | linux_h.PROT_EXEC());

    private final int bits;

    Protection(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }
}
