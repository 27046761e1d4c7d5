package dev.quoll.devices.share;

/**
 * Whose the guest sees the files to be. On the host, what the guest makes belongs to the user who runs the machine, whatever the guest
 * says; that user's rights are also what every access is checked against there.
 *
 * @param host whether the guest sees the host's user and group numbers
 * @param uid shown for all files else
 * @param gid shown for all files else
 */
public record Ownership(boolean host, int uid, int gid) {
    /** All files are shown as the superuser's. */
    public static final Ownership ROOT = new Ownership(false, 0, 0);

    /** The host's numbers are shown. */
    public static final Ownership HOST = new Ownership(true, 0, 0);
}
