package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.isa.OperandKind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
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
 * @param deadline in {@link System#nanoTime} when it ends, even if it is not done
 */
record LabRun(HostFeatures host, Proof proof, long seed, int states, long deadline) {
    private static final int ROWS_A_PROGRAM = 6;
    private static final List<Attribute> NOT_IN_PROGRAMS = List.of(
            Attribute.SYSTEM, Attribute.STACK, Attribute.X87, Attribute.MMX, Attribute.PRIVILEGED, Attribute.IO,
            Attribute.SHADOW, Attribute.FXSAVE, Attribute.XSAVE, Attribute.REP, Attribute.REPCC);
    private static final Set<Mnemonic> NEVER = EnumSet.of(
            Mnemonic.MASKMOVDQU, Mnemonic.VMASKMOVDQU, Mnemonic.ENTER, Mnemonic.LEAVE, Mnemonic.LDMXCSR,
            Mnemonic.VLDMXCSR, Mnemonic.EMMS, Mnemonic.CLI, Mnemonic.STI, Mnemonic.RDTSC, Mnemonic.RDTSCP, Mnemonic.RDPID,
            Mnemonic.RDPMC, Mnemonic.RDRAND, Mnemonic.RDSEED, Mnemonic.XGETBV, Mnemonic.VMMCALL);

    /** A row in one code size. */
    private record Place(OpcodeRow row, boolean wide) {}

    static LabRun of(long seed, int states, Duration longest) {
        long deadline = System.nanoTime() + longest.toNanos();
        return new LabRun(HostFeatures.read(), new Proof(), seed, states, deadline);
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
        try (Lab lab = Lab.open(worker, seed * 31 + worker, host, proof)) {
            List<Place> places = places(lab, chosen);
            List<OpcodeRow> narrow = inPrograms(places, false);
            List<OpcodeRow> wide = inPrograms(places, true);
            int count = 0;
            do {
                for (Place place : places) {
                    if (System.nanoTime() - deadline >= 0) {
                        break;
                    }
                    if (!proof.lacks(place.row)) {
                        lab.add(place.row, place.wide, states);
                    }
                    List<OpcodeRow> rows = place.wide ? wide : narrow;
                    if (!rows.isEmpty() && ++count % ROWS_A_PROGRAM == 0) {
                        lab.addProgram(rows, place.wide, states);
                    }
                }
            } while (proof.total() < executions && System.nanoTime() - deadline < 0);
            lab.flush();
        }
    }

    /** Rows that do the same in the midst of others: no branches, strings and stacks, nothing that may take long or faults. */
    private static List<OpcodeRow> inPrograms(List<Place> places, boolean wide) {
        return places.stream()
                .filter(place -> place.wide == wide)
                .map(Place::row)
                .filter(row -> row.flow() == ControlFlow.NEXT)
                .filter(row -> NOT_IN_PROGRAMS.stream().noneMatch(row::has))
                .filter(row -> row.operands().stream().allMatch(LabRun::plain))
                .filter(row -> !NEVER.contains(row.mnemonic()))
                .toList();
    }

    private static boolean plain(OperandKind kind) {
        return switch (kind.method()) {
            case O, X, Y, BX, S, C, D, FIXED_SEGMENT, VSIB, J, A -> false;
            default -> true;
        };
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
