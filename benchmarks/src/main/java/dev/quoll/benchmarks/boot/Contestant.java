package dev.quoll.benchmarks.boot;

import java.util.List;

/**
 * A virtual machine monitor that boots the guest.
 *
 * @param name for the table
 * @param command what starts it, with the guest's serial console on standard output
 */
record Contestant(String name, List<String> command) {
    Contestant {
        command = List.copyOf(command);
    }
}
