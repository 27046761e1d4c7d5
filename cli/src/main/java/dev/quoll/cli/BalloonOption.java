package dev.quoll.cli;

import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.balloon.VirtioBalloon;
import java.io.IOException;

/** A memory balloon as {@code --balloon} says it. */
final class BalloonOption {
    private BalloonOption() {}

    /** @param size what the guest is asked to give back from its start */
    static VirtioSource source(ByteSize size) {
        return (machine, _) -> {
            if (size.bytes() > machine.memory().size()) {
                throw new IOException("the balloon of %s is larger than the guest's memory".formatted(size));
            }
            VirtioBalloon balloon = new VirtioBalloon(machine.memory(), size.bytes(), machine.clock(), machine.timers());
            machine.addStatistics(balloon::lines);
            return balloon;
        };
    }
}
