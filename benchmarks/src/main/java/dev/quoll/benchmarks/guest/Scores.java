package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.contest.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * All that was measured, and the figures to be told of it. A time is the median over the rounds of the median over the passes; a
 * ratio is the median of the ratios within each round, because runs close to each other share the host's mood.
 */
final class Scores {
    /** Guest's clock by the host's clock: outside of these somebody's seconds are not seconds. */
    private static final double LEAST_CLOCK = 0.9;
    private static final double MOST_CLOCK = 1.1;
    /** What the console and the pauses around a pass take of the host's time, in nanoseconds. */
    private static final double AROUND_A_PASS = 10e6;

    /** Which time counts. */
    enum Time {
        /** That of the kernel's own system. */
        WALL(Measurement::wall),
        /** That of the host's processors. */
        CPU(Measurement::cpu);

        private final ToLongFunction<Measurement> of;

        Time(ToLongFunction<Measurement> of) {
            this.of = of;
        }
    }

    /** A measurement, and where it is from. */
    record Entry(int column, int round, Measurement measurement) {}

    private final List<Kernel> kernels;
    private final List<Column> columns;
    private final Time time;
    private final List<Entry> entries = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private int rounds;

    Scores(List<Kernel> kernels, List<Column> columns, Time time) {
        this.kernels = List.copyOf(kernels);
        this.columns = List.copyOf(columns);
        this.time = time;
        columns.stream()
                .filter(column -> !column.present())
                .forEach(column -> remarks.add("%s is absent: %s".formatted(column.title(), column.obstacle())));
    }

    List<Kernel> kernels() {
        return kernels;
    }

    /** The columns that run here. */
    List<Column> columns() {
        return columns.stream().filter(Column::present).toList();
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    String idOf(Entry entry) {
        return columns.get(entry.column()).id();
    }

    /** Takes the results of one run. */
    void add(Column column, int round, KernelRun run) {
        add(column, round, run.measurements(), run.remarks());
    }

    void add(Column column, int round, List<Measurement> measurements, List<String> notes) {
        measurements.forEach(measurement -> entries.add(new Entry(columns.indexOf(column), round, measurement)));
        notes.forEach(note -> {
            String remark = "%s: %s".formatted(column.title(), note);
            if (!remarks.contains(remark)) {
                remarks.add(remark);
            }
        });
        rounds = Math.max(rounds, round + 1);
    }

    private OptionalDouble inRound(Kernel kernel, Column column, int round) {
        int index = columns.indexOf(column);
        double[] passes = entries.stream()
                .filter(entry -> entry.column() == index && entry.round() == round)
                .map(Entry::measurement)
                .filter(measurement -> measurement.kernel().equals(kernel.name()))
                .mapToLong(time.of)
                .filter(nanoseconds -> nanoseconds != Measurement.UNKNOWN)
                .mapToDouble(nanoseconds -> Math.max(1, nanoseconds))
                .toArray();
        return passes.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(Tables.median(DoubleStream.of(passes)));
    }

    /** Milliseconds of a pass of a kernel. */
    OptionalDouble milliseconds(Kernel kernel, Column column) {
        double[] each = IntStream.range(0, rounds)
                .mapToObj(round -> inRound(kernel, column, round))
                .flatMapToDouble(OptionalDouble::stream)
                .toArray();
        return each.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(Tables.median(DoubleStream.of(each)) / 1e6);
    }

    /** How many times as long one column takes as another. */
    OptionalDouble ratio(Kernel kernel, Column column, Column base) {
        double[] each = IntStream.range(0, rounds)
                .mapToObj(round -> quotient(inRound(kernel, column, round), inRound(kernel, base, round)))
                .flatMapToDouble(OptionalDouble::stream)
                .toArray();
        return each.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(Tables.median(DoubleStream.of(each)));
    }

    private static OptionalDouble quotient(OptionalDouble above, OptionalDouble below) {
        return above.isPresent() && below.isPresent()
                ? OptionalDouble.of(above.getAsDouble() / below.getAsDouble())
                : OptionalDouble.empty();
    }

    /** The geometric mean of {@link #ratio} over those kernels that both columns have. */
    OptionalDouble geometricMean(List<Kernel> of, Column column, Column base) {
        double[] each = of.stream()
                .map(kernel -> ratio(kernel, column, base))
                .flatMapToDouble(OptionalDouble::stream)
                .toArray();
        return each.length == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.exp(DoubleStream.of(each).map(Math::log).average().getAsDouble()));
    }

    /** A sentence for each kernel whose checksums are not the same in all columns and rounds. */
    List<String> differences() {
        List<String> sentences = new ArrayList<>();
        for (Kernel kernel : kernels) {
            entries.stream()
                    .filter(entry -> entry.measurement().kernel().equals(kernel.name()))
                    .collect(Collectors.groupingBy(entry -> entry.measurement().pass()))
                    .values()
                    .stream()
                    .filter(passes -> passes.stream().map(entry -> entry.measurement().checksum()).distinct().count() > 1)
                    .findFirst()
                    .ifPresent(passes -> sentences.add("%s has different checksums: %s."
                            .formatted(
                                    kernel.name(),
                                    passes.stream()
                                            .map(entry -> idOf(entry) + " " + entry.measurement().checksum())
                                            .collect(Collectors.toCollection(TreeSet::new))
                                            .stream()
                                            .collect(Collectors.joining(", ")))));
        }
        return sentences;
    }

    /** What is missing, and which guest's clock does not go as the host's does. */
    List<String> remarks() {
        List<String> all = new ArrayList<>(remarks);
        for (Column column : columns()) {
            List<Measurement> own = entries.stream()
                    .filter(entry -> columns.get(entry.column()) == column)
                    .map(Entry::measurement)
                    .toList();
            double guest = own.stream().mapToLong(Measurement::wall).sum();
            double host = own.stream().mapToLong(Measurement::host).sum();
            double around = own.size() * AROUND_A_PASS;
            if (!own.isEmpty() && (guest < LEAST_CLOCK * (host - around) || guest > MOST_CLOCK * (host + around))) {
                all.add("%s: its clock has counted %.0f ms while the host's counted %.0f ms"
                        .formatted(column.title(), guest / 1e6, host / 1e6));
            }
        }
        return all;
    }
}
