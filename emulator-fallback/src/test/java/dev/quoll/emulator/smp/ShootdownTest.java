package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * TLB shootdown as kernels do it (SDM vol. 3, 4.10.5): change the page table, interrupt the others, wait until each has
 * invalidated. From then on nobody uses the old translation; before, either is right.
 */
@Timeout(120)
class ShootdownTest {
    private static final long CODE = 0x100000;
    private static final long HANDLER = 0x110000;
    private static final long DATA = 0x200000;
    /** The page that is mapped here and there; no other page of this test takes its place in a direct-mapped TLB. */
    private static final long PAGE = 0x612000;
    /** Its places: each holds the number of the change that mapped it last. */
    private static final long FRAMES = 0x800000;
    private static final int MILLIS = 1500;
    private static final int END = Integer.MAX_VALUE;

    private static final Map<String, Long> NAMES = Map.of(
            "BEGUN", DATA + 0x100,
            "EPOCH", DATA,
            "ENOUGH", DATA + 0x140,
            "ACK1", DATA + 0x40,
            "ACK2", DATA + 0x80,
            "READY", DATA + 0xc0,
            "PAGE", PAGE,
            "ENTRY", SmpMachine.entryOf(PAGE),
            "FRAMES", FRAMES);

    /** One by INVLPG and one by a load of CR3, both with vectors of their own. */
    private static String handler(String invalidate, String ack) {
        return """
                PUSH RAX
                %s
                LOCK INC QWORD [%s]
                MOV EAX,0
                MOV [RBX+0xb0],EAX
                POP RAX
                IRETQ
                """.formatted(invalidate, ack);
    }

    /**
     * Reads the page, counts in R8 what is older than the last change that was complete before; and where no other change
     * had begun until after the read, in R9 faults although it was mapped, in R10 reads although it was not. R12: reads.
     */
    private static final String READER = """
            MOV DWORD [RBX+0xf0],0x1ff
            LOCK INC QWORD [READY]
            STI
            again:
            PAUSE
            MOV RSI,[EPOCH]
            CMP RSI,%1$d
            JE end
            MOV ECX,0
            MOV RDX,[PAGE]
            MOV RDI,[BEGUN]
            CMP ECX,0
            JE done
            CMP RSI,RDI
            JNE again
            TEST ESI,1
            JNZ again
            INC R9
            JMP again
            done:
            INC R12
            CMP RDX,RSI
            JAE young
            INC R8
            young:
            CMP RSI,RDI
            JNE again
            TEST ESI,1
            JZ again
            INC R10
            JMP again
            end:
            END
            """.formatted(END);

    /** For {@link BrokenBuildTest}. */
    public static void main(String[] arguments) throws Exception {
        new ShootdownTest().nobodyUsesATranslationThatHasBeenShotDown();
    }

    @Test
    void nobodyUsesATranslationThatHasBeenShotDown() throws Exception {
        try (SmpMachine machine = new SmpMachine(3).fuseAfter(100)) {
            machine.gate(0x41, HANDLER);
            machine.gate(0x42, HANDLER + 0x1000);
            machine.gate(14, HANDLER + 0x2000);
            machine.load(HANDLER, NAMES, handler("INVLPG [PAGE]", "ACK1"));
            machine.load(HANDLER + 0x1000, NAMES, handler("MOV RAX,CR3\nMOV CR3,RAX", "ACK2"));
            // Over the error code; the load has eight bytes.
            machine.load(HANDLER + 0x2000, NAMES, """
                    ADD RSP,8
                    MOV ECX,1
                    ADD QWORD [RSP],8
                    IRETQ
                    """);
            // Odd changes unmap, even ones map another frame.
            machine.load(CODE, NAMES, """
                    MOV DWORD [RBX+0xf0],0x1ff
                    ready:
                    PAUSE
                    CMP QWORD [READY],2
                    JB ready
                    MOV ESI,0
                    change:
                    INC RSI
                    MOV [BEGUN],RSI
                    MOV EAX,0
                    TEST ESI,1
                    JNZ set
                    MOV EAX,ESI
                    AND EAX,0x7e
                    SHL EAX,12
                    ADD EAX,FRAMES
                    MOV [RAX],RSI
                    OR EAX,7
                    set:
                    MOV [ENTRY],RAX
                    MOV DWORD [RBX+0x310],0x01000000
                    MOV DWORD [RBX+0x300],0x41
                    MOV DWORD [RBX+0x310],0x02000000
                    MOV DWORD [RBX+0x300],0x42
                    acknowledged:
                    PAUSE
                    CMP [ACK1],RSI
                    JB acknowledged
                    CMP [ACK2],RSI
                    JB acknowledged
                    MOV [EPOCH],RSI
                    MOV EDI,2000
                    delay:
                    DEC EDI
                    JNZ delay
                    CMP QWORD [ENOUGH],0
                    JE change
                    MOV DWORD [EPOCH],0x7fffffff
                    END
                    """);
            machine.load(CODE + 0x1000, NAMES, READER);
            machine.map(PAGE, FRAMES, 7);
            long[] registers = new long[16];
            registers[3] = SmpMachine.APIC;
            machine.enter(1, CODE + 0x1000, registers);
            machine.enter(2, CODE + 0x1000, registers);
            machine.enter(0, CODE, registers);
            machine.runAll(3, 90, DATA + 0x140, MILLIS);
            assertThat(machine.register(0, 6)).as("changes").isPositive();
            for (int cpu = 1; cpu < 3; cpu++) {
                assertThat(machine.register(cpu, 8)).as("reads of old frames").isZero();
                assertThat(machine.register(cpu, 9)).as("faults while mapped").isZero();
                assertThat(machine.register(cpu, 10)).as("reads while unmapped").isZero();
                assertThat(machine.register(cpu, 12)).as("reads").isPositive();
            }
        }
    }
}
