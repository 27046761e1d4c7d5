package dev.quoll.devices.net;

/**
 * Work on frames that the sender may leave to the receiver. On a link that is memory nobody has to do it at all.
 *
 * @param checksum TCP and UDP checksums may hold the pseudo-header's sum only ({@link NetworkFrame#NEEDS_CHECKSUM})
 * @param tcp4 TCP segments over IPv4 may be as large as a frame can be
 * @param tcp6 the same over IPv6
 */
public record Offloads(boolean checksum, boolean tcp4, boolean tcp6) {
    public static final Offloads NONE = new Offloads(false, false, false);
    public static final Offloads ALL = new Offloads(true, true, true);

    /** Large segments carry unfinished checksums (virtio 1.2, section 5.1.3.1). */
    public Offloads {
        if ((tcp4 || tcp6) && !checksum) {
            throw new IllegalArgumentException("large segments need the checksum offload");
        }
    }
}
