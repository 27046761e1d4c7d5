package dev.quoll.cli;

import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.vsock.VirtioSocket;
import java.nio.file.Path;
import java.util.Set;

/** Sockets between guest and host as {@code --vsock} says it. */
record VsockOption(long cid, Path path) {
    static final String SYNTAX = "path=SOCKET[,cid=N]";

    private static final String NAME = "--vsock";

    /** @throws IllegalArgumentException with a sentence */
    static VsockOption parse(String text) {
        OptionWords words = new OptionWords(NAME, text, false, Set.of("cid", "path"));
        words.flags(Set.of());
        Path path = Path.of(words.text("path").orElseThrow(() -> new IllegalArgumentException(NAME + " needs path=SOCKET")));
        long cid = words.number("cid", VirtioSocket.FIRST_CID);
        VirtioSocket.requireCid(cid);
        return new VsockOption(cid, path);
    }

    VirtioSource source() {
        return (machine, _) -> {
            VirtioSocket device = new VirtioSocket(cid, path, machine.memory());
            machine.closeWith(device);
            return device;
        };
    }
}
