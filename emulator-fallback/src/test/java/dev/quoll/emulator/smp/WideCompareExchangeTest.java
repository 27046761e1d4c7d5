package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LOCK CMPXCHG16B, which no Java virtual machine has an atomic for, against itself and against plain accesses. */
@Timeout(120)
class WideCompareExchangeTest {
    private static final long CODE = 0x100000;
    private static final long DATA = 0x200000;
    private static final Map<String, Long> NAMES = Map.of("PAIR", DATA, "ENOUGH", DATA + 64);

    /** All count in both halves; nobody's count is lost, and nobody sees halves that do not belong together. */
    @Test
    void countersOfBothHalvesAgree() throws Exception {
        int cpus = 3;
        int rounds = 500;
        try (SmpMachine machine = new SmpMachine(cpus)) {
            machine.load(CODE, NAMES, """
                    round:
                    MOV RAX,[PAIR]
                    MOV RDX,[PAIR+8]
                    retry:
                    LEA RBX,[RAX+1]
                    LEA RCX,[RDX+1]
                    LOCK CMPXCHG16B [PAIR]
                    JE done
                    CMP RAX,RDX
                    JE retry
                    INC R8              # what it returned is one moment's value
                    JMP retry
                    done:
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
            assertThat(machine.memory.readLong(DATA)).isEqualTo((long) cpus * rounds);
            assertThat(machine.memory.readLong(DATA + 8)).isEqualTo((long) cpus * rounds);
            for (int i = 0; i < cpus; i++) {
                assertThat(machine.register(i, 8)).as("torn values, CPU " + i).isZero();
            }
        }
    }

    /** Whether it succeeds or fails: what another processor stores into a half in the meantime stays. */
    @Test
    void losesNoPlainStore() throws Exception {
        int rounds = 300;
        try (SmpMachine machine = new SmpMachine(2)) {
            // Adds to the lower half and leaves the upper one as it finds it; every other time it expects nonsense.
            machine.load(CODE, NAMES, """
                    round:
                    MOV RAX,[PAIR]
                    MOV RDX,[PAIR+8]
                    TEST R12D,1
                    JZ honest
                    MOV RAX,-1
                    honest:
                    LEA RBX,[RAX+1]
                    MOV RCX,RDX
                    LOCK CMPXCHG16B [PAIR]
                    JNE next
                    INC R9
                    next:
                    DEC R12
                    JNZ round
                    MOV QWORD [ENOUGH],1
                    END
                    """);
            machine.load(CODE + 0x1000, NAMES, """
                    round:
                    INC RSI
                    MOV [PAIR+8],RSI
                    MFENCE
                    CMP [PAIR+8],RSI
                    JE kept
                    INC R8
                    kept:
                    CMP QWORD [ENOUGH],0
                    JE round
                    END
                    """);
            long[] registers = new long[16];
            registers[12] = rounds;
            machine.enter(0, CODE, registers);
            machine.enter(1, CODE + 0x1000);
            machine.runAll(2, 90);
            assertThat(machine.register(1, 8)).as("lost stores").isZero();
            assertThat(machine.memory.readLong(DATA)).isEqualTo(machine.register(0, 9));
        }
    }
}
