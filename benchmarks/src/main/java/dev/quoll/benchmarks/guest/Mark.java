package dev.quoll.benchmarks.guest;

import java.util.Optional;

/** A line of the guest program; {@code main.c} says what they look like. */
sealed interface Mark {
    /** What every such line has, perhaps behind something that the guest's kernel has printed. */
    String SIGN = "@quoll ";

    String kernel();

    /** A pass begins. */
    record Begin(String kernel, int pass) implements Mark {}

    /** A pass has ended. Times in nanoseconds by the clocks of the system that the program runs on. */
    record End(String kernel, int pass, long wall, long cpu, String checksum) implements Mark {}

    /** The processor lacks the kernel's instructions. */
    record Skip(String kernel, String reason) implements Mark {}

    /** The kernel did not come to its end. */
    record Fail(String kernel, String reason) implements Mark {}

    /** All kernels have been run. */
    record Done() implements Mark {
        @Override
        public String kernel() {
            return "";
        }
    }

    /** The mark in a line of output, if it is one and whole. */
    static Optional<Mark> in(String line) {
        int start = line.indexOf(SIGN);
        if (start < 0) {
            return Optional.empty();
        }
        String[] words = line.substring(start + SIGN.length()).strip().split(" ", 3);
        if (words.length < 3) {
            return words[0].equals("done") ? Optional.of(new Done()) : Optional.empty();
        }
        String rest = words[2];
        return switch (words[0]) {
            case "begin" -> begin(words[1], rest);
            case "end" -> end(words[1], rest.split(" "));
            case "skip" -> Optional.of(new Skip(words[1], rest));
            case "fail" -> Optional.of(new Fail(words[1], rest));
            default -> Optional.empty();
        };
    }

    private static Optional<Mark> begin(String kernel, String pass) {
        return pass.matches("\\d{1,9}") ? Optional.of(new Begin(kernel, Integer.parseInt(pass))) : Optional.empty();
    }

    private static Optional<Mark> end(String kernel, String[] figures) {
        if (figures.length != 4 || !(figures[0].matches("\\d{1,9}") && figures[1].matches("\\d{1,18}") && figures[2].matches("\\d{1,18}"))) {
            return Optional.empty();
        }
        return Optional.of(new End(
                kernel,
                Integer.parseInt(figures[0]),
                Long.parseLong(figures[1]),
                Long.parseLong(figures[2]),
                figures[3]));
    }
}
