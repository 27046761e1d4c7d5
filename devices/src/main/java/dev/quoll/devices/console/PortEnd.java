package dev.quoll.devices.console;

import java.io.IOException;

/** The host's end of a port. Methods may be called from any thread, reads by one at a time and writes by one at a time; none blocks for long. */
public interface PortEnd extends AutoCloseable {
    /** Begins. @param changed called, from any thread, when there may be bytes to read, room to write, or a change of {@link #connected} */
    void start(Runnable changed);

    /** Whether somebody is there. */
    boolean connected();

    /** Takes bytes for the guest. @return how many there were, 0 when there are none now */
    int read(byte[] target, int start, int count);

    /** Gives bytes of the guest's. @return how many were taken, 0 when there is no room now */
    int write(byte[] source, int start, int count);

    @Override
    void close() throws IOException;
}
