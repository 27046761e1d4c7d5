package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OpcodeRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What has been compared, and what differed. Any thread. */
final class Proof {
    /** Mismatches of a row that are described; all are counted. */
    private static final int DESCRIBED_OF_A_ROW = 2;

    /** A row in one code size. */
    record Place(OpcodeRow row, boolean wide) {}

    private final Map<Place, LongAdder> executions = new ConcurrentHashMap<>();
    private final LongAdder invalid = new LongAdder();
    private final LongAdder programs = new LongAdder();
    private final LongAdder instances = new LongAdder();
    private final LongAdder total = new LongAdder();
    private final Set<OpcodeRow> lacking = ConcurrentHashMap.newKeySet();
    private final Map<OpcodeRow, List<String>> mismatches = new ConcurrentHashMap<>();
    private final LongAdder mismatched = new LongAdder();
    private final Map<Departure, LongAdder> departures = new ConcurrentHashMap<>();

    void compared(LabInstance instance, int count) {
        Instruction instruction = instance.instruction();
        if (instance.program()) {
            programs.add(count);
        } else if (instruction == null) {
            invalid.add(count);
        } else {
            executions.computeIfAbsent(new Place(instruction.row(), instance.wide()), row -> new LongAdder()).add(count);
        }
        instances.increment();
        total.add(count);
    }

    /** The product has no op for the row. */
    void lacking(OpcodeRow row) {
        lacking.add(row);
    }

    boolean lacks(OpcodeRow row) {
        return lacking.contains(row);
    }

    void mismatch(LabInstance instance, String differences) {
        mismatched.increment();
        Instruction instruction = instance.instruction();
        OpcodeRow row = instruction == null ? instance.row() : instruction.row();
        List<String> list = mismatches.computeIfAbsent(row, key -> new ArrayList<>());
        synchronized (list) {
            if (list.size() < DESCRIBED_OF_A_ROW) {
                list.add(instance + System.lineSeparator() + differences);
            }
        }
    }

    /** A difference that is allowed for. */
    void departed(Departure departure) {
        departures.computeIfAbsent(departure, key -> new LongAdder()).increment();
    }

    /** How often a departure was met. */
    long departures(Departure departure) {
        LongAdder count = departures.get(departure);
        return count == null ? 0 : count.sum();
    }

    /** Instances that differed on some state, whether described or not. */
    long mismatched() {
        return mismatched.sum();
    }

    long total() {
        return total.sum();
    }

    long instances() {
        return instances.sum();
    }

    long invalid() {
        return invalid.sum();
    }

    /** Executions of more than one instruction. */
    long programs() {
        return programs.sum();
    }

    /** Executions of a row in one code size. */
    long executions(OpcodeRow row, boolean wide) {
        LongAdder count = executions.get(new Place(row, wide));
        return count == null ? 0 : count.sum();
    }

    /** Descriptions of what differed, at most some of a row. */
    List<String> mismatches() {
        return mismatches.values().stream().flatMap(List::stream).toList();
    }
}
