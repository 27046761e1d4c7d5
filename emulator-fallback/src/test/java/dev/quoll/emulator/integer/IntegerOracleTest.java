package dev.quoll.emulator.integer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.oracle.Form;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every general-purpose row that user code can run in a straight line, against the host's processor: all operand sizes,
 * register and memory forms, with and without LOCK. Division, strings and branches have tests of their own.
 */
class IntegerOracleTest {
    private final Random random = OracleRuns.random(IntegerOracleTest.class);
    private final OperandSetup setup = new OperandSetup(random);

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        compare(3, 16, false);
    }

    @Test
    void lockedRowsDoWhatTheHostDoes() throws Exception {
        compare(2, 12, true);
    }

    @Test
    @Tag("long")
    void everyRowDoesWhatTheHostDoesLong() throws Exception {
        compare(60, 100, false);
        compare(60, 100, true);
    }

    /** @param smp locked instances only, on an emulator that has other CPUs to care for */
    private void compare(int instances, int states, boolean smp) throws Exception {
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(OracleRuns.families(), random, smp)) {
            for (OpcodeRow row : UserRows.straight()) {
                if (oracle.hostHas(row.feature())) {
                    for (Form form : UserRows.forms(row)) {
                        if (form.lock() || !smp) {
                            try {
                                compare(oracle, row, form, instances, states);
                            } catch (AssertionError e) {
                                failures.add(e.getMessage());
                            }
                        }
                    }
                }
            }
            System.out.println("IntegerOracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private void compare(Oracle oracle, OpcodeRow row, Form form, int instances, int states) {
        int flags = UndefinedFlags.compared(row, oracle.hostIsAmd());
        for (int i = 0; i < instances; i++) {
            Instance instance = oracle.instance(row, form);
            while (!setup.accepts(instance)) {
                instance = oracle.instance(row, form);
            }
            oracle.compare(instance, states, setup, flags);
        }
    }
}
