package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.Assembler.Program;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Code that one processor changes while others run it (SDM vol. 3, 9.1.3; Linux, {@code smp_text_poke_batch_finish}): first
 * INT3 in place of the first byte, then the rest, then the first byte, and after each step an interrupt that makes every
 * processor serialise. What runs is the old instruction, the new one or INT3, never a mixture, and never an old one after
 * the change is complete.
 */
@Timeout(180)
class CodePatchingTest {
    private static final long CODE = 0x100000;
    private static final long HANDLER = 0x110000;
    private static final long DATA = 0x200000;
    /** Two pages with the code that is changed, and where the writer sees them. */
    private static final long TEXT = 0x634000;

    private static final long ALIAS = 0x742000;
    private static final int MILLIS = 500;
    private static final int END = Integer.MAX_VALUE;

    private static Map<String, Long> names(int offset) {
        Map<String, Long> names = new HashMap<>();
        names.put("EPOCH", DATA);
        names.put("BEGUN", DATA + 0x100);
        names.put("ACK", DATA + 0x40);
        names.put("READY", DATA + 0x80);
        names.put("SITE", ALIAS + offset);
        names.put("ENOUGH", DATA + 0xc0);
        names.put("FEWEST", 10L);
        names.put("LAST", (long) END);
        return names;
    }

    // The numbers in MOV EAX,imm32: the change's number in both halves. The site is in the loop itself, so that links of
    // blocks and what the JIT has made of them are at stake too. R8: mixtures; R9: too old; R10: INT3 met; R11: INT3 met while no
    // change was under way; R12: rounds.
    private static final String RUNNER = """
            MOV DWORD [RBX+0xf0],0x1ff
            LOCK INC QWORD [READY]
            STI
            again:
            MOV RSI,[EPOCH]
            CMP ESI,LAST
            JE end
            INC R12
            %s
            CMP EAX,-1
            JE trapped
            MOVZX ECX,AX
            SHR EAX,16
            CMP EAX,ECX
            JE whole
            INC R8
            whole:
            CMP ECX,ESI
            JAE again
            INC R9
            JMP again
            trapped:
            INC R10
            MOV RDI,[BEGUN]
            CMP RDI,RSI
            JNE again
            INC R11
            JMP again
            end:
            END
            """;

    private static final String SYNCHRONISE = """
            MOV DWORD [RBX+0x300],0xc0041
            ADD R14,%d
            synchronised%d:
            PAUSE
            CMP [ACK],R14
            JB synchronised%d
            """;

    /** @param offset of the changed instruction in two pages: it lies in one line, across lines, across pages */
    @ParameterizedTest
    @ValueSource(ints = {0x105, 0x13d, 0xffd, 0xfff, 0x1000})
    void breakpointFirst(int offset) throws Exception {
        storm(offset, 2);
    }

    private void storm(int offset, int runners) throws Exception {
        Map<String, Long> names = names(offset);
        try (SmpMachine machine = new SmpMachine(runners + 1).fuseAfter(100)) {
            machine.gate(0x41, HANDLER);
            machine.gate(3, HANDLER + 0x1000);
            machine.load(HANDLER, names, """
                    PUSH RAX
                    LOCK INC QWORD [ACK]
                    MOV EAX,0
                    MOV [RBX+0xb0],EAX
                    POP RAX
                    IRETQ
                    """);
            // As if an instruction of the old length had set EAX to -1.
            machine.load(HANDLER + 0x1000, names, """
                    MOV EAX,-1
                    ADD QWORD [RSP],4
                    IRETQ
                    """);
            machine.map(ALIAS, TEXT, 7);
            machine.map(ALIAS + 0x1000, TEXT + 0x1000, 7);
            machine.map(TEXT, TEXT, 5);
            machine.map(TEXT + 0x1000, TEXT + 0x1000, 5);
            // Around the site: five bytes that are changed, and a way there and back.
            String site = "JMP %d\nback:".formatted(TEXT + offset);
            Program runner = machine.load(CODE + 0x1000, names, RUNNER.formatted(site));
            machine.load(TEXT + offset, Map.of("BACK", runner.label("back")), "MOV EAX,0x00000\nJMP BACK");
            machine.load(CODE, names, """
                    MOV DWORD [RBX+0xf0],0x1ff
                    ready:
                    PAUSE
                    CMP QWORD [READY],%1$d
                    JB ready
                    change:
                    INC RSI
                    MOV [BEGUN],RSI
                    MOV BYTE [SITE],0xcc
                    %2$s
                    MOV [SITE+1],SI
                    MOV [SITE+3],SI
                    %3$s
                    MOV BYTE [SITE],0xb8
                    %4$s
                    MOV [EPOCH],RSI
                    MOV EDI,3000
                    delay:
                    DEC EDI
                    JNZ delay
                    CMP SI,-2            # numbers have 16 bits
                    JE enough
                    CMP ESI,FEWEST
                    JB change
                    CMP QWORD [ENOUGH],0
                    JE change
                    enough:
                    MOV DWORD [EPOCH],LAST
                    END
                    """.formatted(
                            runners,
                            SYNCHRONISE.formatted(runners, 1, 1),
                            SYNCHRONISE.formatted(runners, 2, 2),
                            SYNCHRONISE.formatted(runners, 3, 3)));
            long[] registers = new long[16];
            registers[3] = SmpMachine.APIC;
            for (int cpu = 0; cpu <= runners; cpu++) {
                machine.enter(cpu, cpu == 0 ? CODE : CODE + 0x1000, registers);
            }
            machine.runAll(runners + 1, 120, DATA + 0xc0, MILLIS);
            assertThat(machine.register(0, 6)).as("changes").isPositive();
            for (int cpu = 1; cpu <= runners; cpu++) {
                assertThat(machine.register(cpu, 8)).as("mixtures").isZero();
                assertThat(machine.register(cpu, 9)).as("old code").isZero();
                assertThat(machine.register(cpu, 11)).as("INT3 that is gone").isZero();
                assertThat(machine.register(cpu, 12)).as("rounds").isPositive();
            }
            System.out.printf("code at 0x%x changed %d times, INT3 met %d times in %d rounds%n",
                    offset, machine.register(0, 6), machine.register(1, 10), machine.register(1, 12));
        }
    }

    /** Without a protocol a change takes effect some time: a loop that waits for nothing else ends (aligned, one store). */
    @Test
    void aLoopEndsWhenAnotherProcessorChangesItsJump() throws Exception {
        try (SmpMachine machine = new SmpMachine(2).fuseAfter(100)) {
            machine.map(ALIAS, TEXT, 7);
            for (int round = 0; round < 20; round++) {
                machine.load(TEXT, Map.of(), """
                        INC R12
                        DB 0xeb,0xfe      # jmp to itself
                        END
                        """);
                machine.memory.writeLong(DATA, 0);
                machine.load(CODE + 0x1000, Map.of("READY", DATA, "TEXT", TEXT), "INC QWORD [READY]\nJMP TEXT");
                machine.load(CODE, Map.of("READY", DATA, "JUMP", ALIAS + 3), """
                        ready:
                        PAUSE
                        CMP QWORD [READY],0
                        JE ready
                        MOV EDI,2000
                        delay:
                        DEC EDI
                        JNZ delay
                        MOV EAX,0x9090
                        MOV [JUMP],AX
                        END
                        """);
                machine.enter(0, CODE);
                machine.enter(1, CODE + 0x1000);
                machine.runAll(2, 60);
                assertThat(machine.register(1, 12)).isEqualTo(1);
            }
        }
    }

    /** A processor that changes its own code runs the new code at once, across pages too, while others do the same. */
    @ParameterizedTest
    @ValueSource(ints = {0x105, 0xffb, 0xffd, 0xfff})
    void everyProcessorChangesItsOwnCode(int offset) throws Exception {
        int cpus = 3;
        int rounds = 3000;
        try (SmpMachine machine = new SmpMachine(cpus).fuseAfter(100)) {
            for (int cpu = 0; cpu < cpus; cpu++) {
                long text = TEXT + 0x4000L * cpu;
                // The store changes the instruction behind it; imm32 may lie in either page or in both.
                Program program = machine.load(text + offset - 4, Map.of(), """
                        MOV [RDI],ESI
                        DB 0x90,0x90
                        MOV EAX,0x12345678
                        CMP EAX,ESI
                        JE right
                        INC R8
                        right:
                        INC ESI
                        DEC R12D
                        JNZ again
                        END
                        """.replace("again", Long.toString(text + offset - 4)));
                assertThat(program.code()).isNotEmpty();
                long[] registers = new long[16];
                registers[6] = 0x0101_0101L * (cpu + 1);
                registers[7] = text + offset + 1;
                registers[12] = rounds;
                machine.enter(cpu, text + offset - 4, registers);
            }
            machine.runAll(cpus, 60);
            for (int cpu = 0; cpu < cpus; cpu++) {
                assertThat(machine.register(cpu, 8)).as("old code, CPU " + cpu).isZero();
                assertThat(machine.register(cpu, 12)).isZero();
            }
        }
    }

    /** For {@link BrokenBuildTest}. */
    public static void main(String[] arguments) throws Exception {
        new CodePatchingTest().storm(0x105, 2);
    }
}
