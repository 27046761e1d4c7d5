package dev.quoll.devices.net.user;

import java.nio.channels.SelectionKey;

/** Attached to a selection key: what is to be done when its channel is ready. */
interface SelectorEvents {
    void ready(SelectionKey key);
}
