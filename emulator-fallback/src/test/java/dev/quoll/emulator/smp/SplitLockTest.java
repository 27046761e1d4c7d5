package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Locked instructions over the border of two lines are single, whatever was locked before them. */
@Timeout(120)
class SplitLockTest {
    private static final long CODE = 0x100000;
    private static final String STOPS = "stops-of-all-cpus ";
    /** The task priority register of the local APIC. */
    private static final Map<String, Long> NAMES = Map.of("TPR", SmpMachine.APIC + 0x80, "COUNT", 0x20003eL);

    @Test
    void behindALockedAccessToADevice() throws Exception {
        int cpus = 2;
        int rounds = 5000;
        try (SmpMachine machine = new SmpMachine(cpus)) {
            machine.load(CODE, NAMES, """
                    MOV RBX,TPR
                    round:
                    LOCK ADD DWORD [RBX],0
                    LOCK ADD DWORD [COUNT],1
                    DEC R12
                    JNZ round
                    END
                    """);
            long[] registers = new long[16];
            registers[12] = rounds;
            for (int i = 0; i < cpus; i++) {
                machine.enter(i, CODE, registers);
            }
            machine.runAll(cpus, 90);
            assertThat(machine.memory.readInt(NAMES.get("COUNT"))).isEqualTo(cpus * rounds);
            // On a busy host no two may ever meet; but each has to hold off the other for each of its own.
            long stops = machine.partition.statistics().lines()
                    .filter(line -> line.startsWith(STOPS))
                    .mapToLong(line -> Long.parseLong(line.substring(STOPS.length())))
                    .sum();
            assertThat(stops).isGreaterThanOrEqualTo(cpus * rounds);
        }
    }
}
