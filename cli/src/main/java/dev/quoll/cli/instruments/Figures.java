package dev.quoll.cli.instruments;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The machine's figures at one moment, out of the text of {@code --stats}: lines of a name and a whole number, those of a CPU behind a
 * line {@code cpu N}. Other lines are passed over.
 *
 * @param nanos when, by the host's clock
 * @param cpus figures by CPU
 */
record Figures(long nanos, SortedMap<Integer, Map<String, Long>> cpus) {
    static final String INSTRUCTIONS = "instructions";
    static final String TLB_MISSES = "tlb-misses";
    static final String HALTED_MICROSECONDS = "halted-microseconds";

    /** What leaves guest code, by engine. Of translated code the most frequent causes are told, and the sum of all. */
    private static final String TRANSLATED_EXITS = "translated-exits";
    private static final String TRANSLATED_EXIT = "translated-exit-";
    private static final String KVM_EXIT = "exits-";

    static Figures parse(String text, long nanos) {
        SortedMap<Integer, Map<String, Long>> cpus = new TreeMap<>();
        Map<String, Long> current = null;
        for (String line : text.lines().toList()) {
            String[] words = line.strip().split(" ");
            if (words.length != 2 || !words[1].matches("-?\\d{1,18}")) {
                continue;
            }
            if (words[0].equals("cpu")) {
                current = cpus.computeIfAbsent(Integer.parseInt(words[1]), _ -> new LinkedHashMap<>());
            } else if (current != null) {
                current.put(words[0], Long.parseLong(words[1]));
            }
        }
        return new Figures(nanos, cpus);
    }

    /** The cause that a figure counts exits by, or null when it counts something else. */
    static String exitCause(String figure) {
        for (String prefix : new String[] {TRANSLATED_EXIT, KVM_EXIT}) {
            if (figure.startsWith(prefix)) {
                return figure.substring(prefix.length());
            }
        }
        return null;
    }

    /** What has come to a CPU's figure since then; never negative, for some start anew when a CPU is reset. */
    long since(Figures before, int cpu, String figure) {
        long now = cpus.getOrDefault(cpu, Map.of()).getOrDefault(figure, 0L);
        return Math.max(0, now - before.cpus.getOrDefault(cpu, Map.of()).getOrDefault(figure, 0L));
    }

    /** As {@link #since(Figures, int, String)}, of all CPUs. */
    long since(Figures before, String figure) {
        return cpus.keySet().stream().mapToLong(cpu -> since(before, cpu, figure)).sum();
    }

    /** Exits of a CPU since then, whatever their cause. */
    long exitsSince(Figures before, int cpu) {
        return cpus.getOrDefault(cpu, Map.of()).keySet().stream()
                .filter(figure -> figure.equals(TRANSLATED_EXITS) || figure.startsWith(KVM_EXIT))
                .mapToLong(figure -> since(before, cpu, figure))
                .sum();
    }

    /** Whether some CPU counts that. */
    boolean has(String figure) {
        return cpus.values().stream().anyMatch(each -> each.containsKey(figure));
    }

    /** Seconds since then, at least a millionth. */
    double secondsSince(Figures before) {
        return Math.max(1_000, nanos - before.nanos) / 1e9;
    }

    /** The share of the time since then that a CPU has slept, 0 to 1. */
    double haltedShare(Figures before, int cpu) {
        return Math.clamp(since(before, cpu, HALTED_MICROSECONDS) / 1e6 / secondsSince(before), 0, 1);
    }
}
