package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One time-stamp counter: what one CPU has read and told another is never later than what that one reads then. */
@Timeout(120)
class TimeStampTest {
    private static final long CODE = 0x100000;
    private static final long DATA = 0x200000;

    @Test
    void neverGoesBackFromCpuToCpu() throws Exception {
        int cpus = 4;
        try (SmpMachine machine = new SmpMachine(cpus)) {
            machine.load(CODE, Map.of("LAST", DATA), """
                    round:
                    MOV RSI,[LAST]
                    RDTSC
                    SHL RDX,32
                    OR RAX,RDX
                    CMP RAX,RSI
                    JAE fine
                    INC R8
                    fine:
                    CMP RSI,RDI
                    JE own
                    INC R9              # another CPU has been here
                    own:
                    MOV RDI,RAX
                    MOV [LAST],RAX
                    DEC R12
                    JNZ round
                    END
                    """);
            long[] registers = new long[16];
            registers[12] = 50_000;
            for (int i = 0; i < cpus; i++) {
                machine.enter(i, CODE, registers);
            }
            machine.runAll(cpus, 90);
            long exchanges = 0;
            for (int i = 0; i < cpus; i++) {
                assertThat(machine.register(i, 8)).as("times that were past, CPU " + i).isZero();
                exchanges += machine.register(i, 9);
            }
            assertThat(exchanges).isPositive();
        }
    }
}
