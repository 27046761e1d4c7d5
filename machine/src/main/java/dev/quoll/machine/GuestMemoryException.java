package dev.quoll.machine;

/** An access to guest-physical addresses that are not RAM, or that leave the RAM region they started in. */
public final class GuestMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final long guestAddress;
    private final long length;

    /**
     * @param guestAddress first guest-physical address of the refused access
     * @param length its length in bytes
     */
    public GuestMemoryException(long guestAddress, long length) {
        super("guest-physical range 0x%x..+0x%x is not RAM".formatted(guestAddress, length));
        this.guestAddress = guestAddress;
        this.length = length;
    }

    public long guestAddress() {
        return guestAddress;
    }

    public long length() {
        return length;
    }
}
