package dev.quoll.devices.net;

/**
 * A back-end's way to its network card. A back-end has one thread, and that thread alone calls these methods, between
 * {@link NetworkBackend#start} and the end of {@link NetworkBackend#stop}; none of them waits. Frames are copied: a frame belongs to
 * the caller again when the method returns.
 *
 * <p>Back-pressure: frames the back-end does not take stay with the guest, which stops sending when its ring is full; frames the guest
 * has no room for are refused, and the back-end keeps or drops them. No queue is in between.
 */
public interface NetworkPort {
    /** What frames to the guest may leave to it. Constant while started. */
    Offloads accepts();

    /** Takes the next frame from the guest. @return false when there is none, or none may be taken at the moment */
    boolean take(NetworkFrame frame);

    /**
     * Gives a frame to the guest.
     *
     * @return false when there is no room: {@link NetworkBackend#wake} will be called when there may be
     */
    boolean offer(NetworkFrame frame);

    /** Tells the guest of what was taken and offered since the last call. */
    void flush();

    /**
     * Before the back-end sleeps: from now on a frame from the guest leads to {@link NetworkBackend#wake}.
     *
     * @return whether there is one already
     */
    boolean arm();

    /** The medium is there, or gone. */
    void linkChanged(boolean up);

    /** The back-end cannot go on; its thread ends. @param reason one sentence */
    void failed(String reason);
}
