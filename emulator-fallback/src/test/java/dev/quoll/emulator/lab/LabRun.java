package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;

/**
 * A comparison of rows by several workers, each with a witness of its own.
 *
 * @param seed of the whole run; worker n's is a function of it and n
 * @param states random states for each instance of a row
 */
record LabRun(HostFeatures host, Proof proof, long seed, int states) {
    /** A row in one code size. */
    private record Place(OpcodeRow row, boolean wide) {}

    static LabRun of(long seed, int states) {
        return new LabRun(HostFeatures.read(), new Proof(), seed, states);
    }

    /** Compares every row that can be, round by round, until so many executions have been compared. */
    void every(int workers, long executions, Predicate<OpcodeRow> chosen) throws IOException, InterruptedException {
        if (workers == 1) {
            work(0, executions, chosen);
            return;
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
            List<Future<?>> running = new ArrayList<>();
            for (int worker = 0; worker < workers; worker++) {
                int number = worker;
                running.add(pool.submit(() -> {
                    work(number, executions, chosen);
                    return null;
                }));
            }
            for (Future<?> future : running) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private void work(int worker, long executions, Predicate<OpcodeRow> chosen) throws IOException, InterruptedException {
        try (Lab lab = Lab.open(seed * 31 + worker, host, proof)) {
            List<Place> places = places(lab, chosen);
            do {
                for (Place place : places) {
                    if (!proof.lacks(place.row)) {
                        lab.add(place.row, place.wide, states);
                    }
                }
            } while (proof.total() < executions);
            lab.flush();
        }
    }

    private List<Place> places(Lab lab, Predicate<OpcodeRow> chosen) {
        List<Place> places = new ArrayList<>();
        for (OpcodeRow row : OpcodeTable.rows()) {
            if (host.has(row.feature()) && !Exclusions.excludes(row) && chosen.test(row)) {
                for (boolean wide : new boolean[] {true, false}) {
                    if (lab.exists(row, wide)) {
                        places.add(new Place(row, wide));
                    }
                }
            }
        }
        return places;
    }
}
