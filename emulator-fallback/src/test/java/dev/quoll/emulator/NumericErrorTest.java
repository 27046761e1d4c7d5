package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.ExternalInterruptSource;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.HostClock;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.Partition;
import dev.quoll.machine.PartitionConfig;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.TimerQueue;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An x87 exception with CR0.NE clear: FERR#, the external interrupt, IGNNE# (SDM vol. 1, 8.7), by a program of real mode. */
@Timeout(20)
class NumericErrorTest {
    private static final long RAM = 1 << 20;
    private static final long TEXT = 0x30000;
    private static final long HANDLER = 0x8000;
    private static final int VECTOR = 0x75;
    private static final int LATCH = 0xf0;
    private static final int END = 0xf1;

    /** Columns of hexadecimal code in the programs. */
    private static final int CODE_WIDTH = 25;

    /** Divides one by zero with the exception unmasked, which only the second FLD1 finds. AX counts the interrupts. */
    private static final String PROGRAM =
            """
            b9 1b 00                 mov cx, 0x1b
            0f 32                    rdmsr
            80 e4 f7                 and ah, 0xf7       ; the local APIC off: INTR goes to the processor
            0f 30                    wrmsr
            31 c0                    xor ax, ax
            db e3                    fninit
            c7 06 00 10 7b 03        mov word [0x1000], 0x37b
            d9 2e 00 10              fldcw [0x1000]
            %s
            d9 e8                    fld1
            d8 36 04 10              fdiv dword [0x1004]
            89 c3                    mov bx, ax         ; none so far
            d9 e8                    fld1
            89 c1                    mov cx, ax
            e6 f1                    out 0xf1, al
            """;

    /** Counts, tells the board, uses the x87 under IGNNE#, clears the exception. */
    private static final String SERVICE =
            """
            40                       inc ax
            e6 f0                    out 0xf0, al
            d9 d0                    fnop
            db e2                    fnclex
            cf                       iret
            """;

    /** A board's side: what the wires did, in order. */
    private static final class Board implements PortDevice, ExternalInterruptSource {
        final List<String> events = new ArrayList<>();
        Partition partition;
        EmulatorCpu cpu;
        boolean error;
        boolean request;

        void ferr(boolean high) {
            if (high != error) {
                events.add(high ? "FERR" : "no FERR");
                error = high;
                request = high;
                partition.lint0().setLevel(high);
                if (!high) {
                    partition.ignoreNumericError().setLevel(false);
                }
            }
        }

        @Override
        public int acknowledge() {
            events.add("acknowledge");
            request = false;
            partition.lint0().setLevel(false);
            return VECTOR;
        }

        @Override
        public boolean pending() {
            return request;
        }

        @Override
        public int readPort(int offset, int width) {
            return 0xff;
        }

        @Override
        public void writePort(int offset, int width, int value) {
            if (offset == END - LATCH) {
                cpu.kick();
            } else {
                events.add("latch cleared");
                partition.ignoreNumericError().setLevel(error);
            }
        }
    }

    private final Board board = new Board();

    /** Runs the program to its end, with an instruction before the division. @return AX, BX and CX */
    private int[] run(String instruction, boolean wired) throws Exception {
        HostClock clock = new HostClock();
        PortBus ports = new PortBus();
        ports.register(LATCH, 2, AccessWidths.BYTE, board);
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, RAM, 0)));
                TimerQueue timers = new TimerQueue(clock, "numeric-error-timers");
                Partition partition = new EmulatorEngine()
                        .create(new PartitionConfig(
                                memory, ports, new MmioBus(), clock, timers, CpuProfile.V2, 1, NoPower.SINK))) {
            board.partition = partition;
            partition.setExternalInterruptSource(board);
            if (wired) {
                partition.setNumericErrorLine(board::ferr);
            }
            EmulatorCpu cpu = (EmulatorCpu) partition.cpu(0);
            board.cpu = cpu;
            memory.write(TEXT, code(PROGRAM.formatted(instruction)));
            memory.write(HANDLER, code(SERVICE));
            memory.writeInt(4 * VECTOR, (int) HANDLER);
            cpu.setSegmentBase(RegisterFile.CS, TEXT);
            cpu.selector[RegisterFile.CS] = (int) (TEXT >> 4);
            cpu.setRip(0);
            cpu.set64(StateLayout.RSP, 0x7000);
            assertThat(cpu.run()).isSameAs(CpuExit.Kicked.INSTANCE);
            return new int[] {cpu.get16(StateLayout.RAX), cpu.get16(StateLayout.RBX), cpu.get16(StateLayout.RCX)};
        }
    }

    private static byte[] code(String text) {
        StringBuilder hex = new StringBuilder();
        for (String line : text.lines().toList()) {
            hex.append(line, 0, Math.min(CODE_WIDTH, line.length()));
        }
        return HexFormat.of().parseHex(hex.toString().replace(" ", ""));
    }

    @Test
    void waitingInstructionIsInterruptedBeforeItRuns() throws Exception {
        assertThat(run("fb                       sti", true)).containsExactly(1, 0, 1);
        assertThat(board.events).containsExactly("FERR", "acknowledge", "latch cleared", "no FERR");
    }

    @Test
    void withInterruptsDisabledExecutionGoesOn() throws Exception {
        assertThat(run("90                       nop", true)).containsExactly(0, 0, 0);
        assertThat(board.events).containsExactly("FERR");
    }

    @Test
    void withoutTheWireExecutionGoesOn() throws Exception {
        assertThat(run("fb                       sti", false)).containsExactly(0, 0, 0);
        assertThat(board.events).isEmpty();
    }
}
