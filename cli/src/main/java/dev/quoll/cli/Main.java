package dev.quoll.cli;

import picocli.CommandLine;

/** Entry point of {@code quoll}. */
@CommandLine.Command(name = "quoll")
public final class Main implements Runnable {
    private Main() {}

    @Override
    public void run() {
        System.out.println("quoll");
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).execute(arguments));
    }
}
