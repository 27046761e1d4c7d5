package dev.quoll.devices.net.user;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.Channel;

/** What all channels of the host have in common. */
final class HostChannels {
    private static final Logger LOG = System.getLogger(HostChannels.class.getName());

    private HostChannels() {}

    /** Closes a channel that is done with; what close reports then can only be told. */
    static void close(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a socket did not close cleanly", e);
        }
    }
}
