package dev.quoll.emulator.integer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Form;
import dev.quoll.emulator.oracle.Oracle;
import dev.quoll.emulator.oracle.ProgramGenerator;
import dev.quoll.emulator.oracle.ProgramGenerator.Choice;
import dev.quoll.emulator.translate.host.HostTranslator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random programs of 5 to 40 elements against the host's processor: registers, flags and memory at their end. */
class ProgramOracleTest {
    private static final int STATES = 4;

    private final Random random = OracleRuns.random(ProgramOracleTest.class);

    @Test
    void programsDoWhatTheHostDoes() throws Exception {
        compare(1_500);
    }

    /** The same through the host translator. */
    @Test
    void programsDoWhatTheHostDoesTranslated() throws Exception {
        assumeTrue(HostTranslator.obstacle().isEmpty(), () -> "no translator here: " + HostTranslator.obstacle().orElseThrow());
        TestTier.with(true, () -> {
            compare(1_500);
            return null;
        });
    }

    @Test
    @Tag("long")
    void programsDoWhatTheHostDoesLong() throws Exception {
        compare(200_000);
    }

    private void compare(int count) throws Exception {
        try (Oracle oracle = Oracle.open(OracleRuns.families(), random, random.nextBoolean())) {
            ProgramGenerator programs = oracle.programs(choices(oracle));
            // The first state meets linked ops, the others fused ones.
            oracle.fuseAfter(2);
            for (int i = 0; i < count; i++) {
                ProgramGenerator.Program program = programs.next(5 + random.nextInt(36), oracle.nextInstruction());
                oracle.place(program.code());
                for (int j = 0; j < STATES; j++) {
                    CpuState state = oracle.state();
                    programs.prepare(state);
                    oracle.compare(state, oracle.data(), Flags.STATUS, program::text);
                }
            }
            System.out.println("ProgramOracleTest runs " + oracle.runs());
        }
    }

    /** Every row that has no flag in which emulator and host may differ. */
    private static List<Choice> choices(Oracle oracle) {
        List<Choice> choices = new ArrayList<>();
        for (OpcodeRow row : UserRows.straight()) {
            if (oracle.hostHas(row.feature())
                    && UndefinedFlags.compared(row, oracle.hostIsAmd()) == Flags.STATUS
                    && row.mnemonic() != Mnemonic.LEAVE) {
                for (Form form : UserRows.forms(row)) {
                    choices.add(new Choice(row, form));
                }
            }
        }
        return choices;
    }
}
