package dev.quoll.devices.net.user;

/** What connections may hold beyond what each is assured. */
final class BufferBudget {
    private final long most;
    private long used;

    BufferBudget(long most) {
        this.most = most;
    }

    boolean take(long bytes) {
        if (bytes > most - used) {
            return false;
        }
        used += bytes;
        return true;
    }

    void giveBack(long bytes) {
        used -= bytes;
    }

    /** Whether holders should give back what they can do without. */
    boolean scarce() {
        return used > most / 2;
    }

    long used() {
        return used;
    }
}
