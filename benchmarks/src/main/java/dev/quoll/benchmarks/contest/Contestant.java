package dev.quoll.benchmarks.contest;

import java.util.List;

/**
 * A virtual machine monitor that boots the guest.
 *
 * @param name for the table
 * @param command what starts it, with the guest's serial console on standard output
 */
public record Contestant(String name, List<String> command) {
    public Contestant {
        command = List.copyOf(command);
    }
}
