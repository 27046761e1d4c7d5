package dev.quoll.devices.net.user;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The host's side of a connection. No method waits. */
interface HostStream {
    /** @return bytes read; 0 when there are none yet; -1 at the end */
    int read(ByteBuffer target) throws IOException;

    /** @return bytes taken, perhaps none */
    int write(ByteBuffer source) throws IOException;

    /** No more will be written. */
    void shutdownOutput() throws IOException;

    /** Which events are wanted from now on. */
    void interest(boolean read, boolean write);

    /** Ends it, if it has not ended. @param abort the peer is told that the connection broke (RST) */
    void close(boolean abort);
}
