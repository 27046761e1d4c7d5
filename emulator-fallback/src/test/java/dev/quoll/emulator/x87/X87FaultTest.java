package dev.quoll.emulator.x87;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.fpu.X87Host;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.EmulatedCpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What faults, tried on every x87 and MMX opcode, and that nothing has changed when it does. */
class X87FaultTest {
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x7f00_0000_0000L;
    private static final int PAGE = 4096;
    private static final int RBX = 3;
    private static final int RDI = 7;

    private static final int NONE = -1;
    private static final int DEVICE_NOT_AVAILABLE = 7;
    private static final int PAGE_FAULT = 14;
    private static final int X87_FAULT = 16;

    private static final int ZERO_DIVIDE = 1 << 2;
    private static final int PENDING = 1 << 15 | 1 << 7;

    private final long seed = Long.getLong("quoll.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private EmulatedCpu cpu;
    private CpuState state;
    private byte[] data;

    @BeforeEach
    void prepare() throws Exception {
        System.out.println("X87FaultTest seed " + seed);
        cpu = EmulatedCpu.create(List.of(new MmxFamily(), new X87Family()), CODE, DATA);
        data = new byte[PAGE];
        random.nextBytes(data);
    }

    @AfterEach
    void close() {
        cpu.close();
    }

    /** A stack of four numbers, with pointers that must not change. */
    private void fill() {
        state = new CpuState();
        for (int i = 0; i < 8; i++) {
            int signExponent = X87Host.signExponent(random);
            state.setX87(i, X87Host.significand(random, signExponent), signExponent);
        }
        state.setX87Status(4 << 11);
        state.setX87Tags(0xf0);
        state.setX87Pointers(random.nextInt(0x800), random.nextLong() >>> 18, random.nextLong() >>> 18);
        state.gpr[RBX] = DATA + 64;
        state.gpr[RDI] = DATA + 128;
    }

    private record Encoding(byte[] bytes, Instruction instruction) {}

    /** Every x87 and MMX opcode, with a register and with [RBX]. */
    private static List<Encoding> encodings() {
        List<Encoding> encodings = new ArrayList<>();
        add(encodings, 0x9b);
        for (int escape = 0xd8; escape <= 0xdf; escape++) {
            for (int modrm = 0xc0; modrm <= 0xff; modrm++) {
                add(encodings, escape, modrm);
            }
            for (int reg = 0; reg < 8; reg++) {
                add(encodings, escape, reg << 3 | RBX);
            }
        }
        for (int opcode = 0; opcode <= 0xff; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                // Opcodes without ModRM or with an immediate leave some of the bytes unused.
                add(encodings, 0x0f, opcode, 0xc0 | reg << 3 | 1, 3);
                add(encodings, 0x0f, opcode, reg << 3 | RBX, 3);
                add(encodings, 0x0f, 0x38, opcode, 0xc0 | reg << 3 | 1);
                add(encodings, 0x0f, 0x3a, opcode, 0xc0 | reg << 3 | 1, 5);
            }
        }
        return encodings;
    }

    private static void add(List<Encoding> encodings, int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        Decoder decoder = new Decoder(CpuFeature.ALL);
        if (decoder.decode(bytes, 0, bytes.length, CodeSize.BITS64) instanceof Instruction instruction
                && (instruction.row().has(Attribute.X87) || instruction.row().has(Attribute.MMX))
                && !instruction.row().has(Attribute.SSE)) {
            encodings.add(new Encoding(Arrays.copyOf(bytes, instruction.length()), instruction));
        }
    }

    private int run(Encoding encoding) {
        cpu.place(encoding.bytes(), CODE);
        return cpu.run(state, data);
    }

    private void assertFault(Encoding encoding, int vector) {
        CpuState before = state.copy();
        byte[] dataBefore = data.clone();
        assertThat(run(encoding)).as("vector of %s", encoding.instruction()).isEqualTo(vector);
        assertThat(state.differences(before, Flags.STATUS)).as("changes by %s", encoding.instruction()).isEmpty();
        assertThat(data).as("memory after %s", encoding.instruction()).isEqualTo(dataBefore);
    }

    @Test
    void pendingExceptionStopsEveryWaitingInstruction() {
        int waiting = 0;
        int others = 0;
        for (Encoding encoding : encodings()) {
            fill();
            state.setX87Control(0x37f & ~ZERO_DIVIDE);
            state.setX87Status(state.x87Status() | ZERO_DIVIDE | PENDING);
            if (encoding.instruction().row().has(Attribute.NO_WAIT)) {
                assertThat(run(encoding)).as("vector of %s", encoding.instruction()).isEqualTo(NONE);
                others++;
            } else {
                assertFault(encoding, X87_FAULT);
                waiting++;
            }
        }
        assertThat(waiting).isGreaterThan(500);
        assertThat(others).isGreaterThan(8);
    }

    @Test
    void withoutNumericErrorNothingIsRaised() {
        cpu.cr0 &= ~ControlBits.CR0_NE;
        for (Encoding encoding : encodings()) {
            fill();
            state.setX87Control(0x37f & ~ZERO_DIVIDE);
            state.setX87Status(state.x87Status() | ZERO_DIVIDE | PENDING);
            assertThat(run(encoding)).as("vector of %s", encoding.instruction()).isEqualTo(NONE);
        }
    }

    @Test
    void waitingObeysTaskSwitchedOnlyWhenMonitored() {
        Encoding wait = encodings().getFirst();
        fill();
        cpu.cr0 |= ControlBits.CR0_TS;
        cpu.updateMode();
        assertThat(run(wait)).isEqualTo(NONE);
        cpu.cr0 |= ControlBits.CR0_MP;
        assertFault(wait, DEVICE_NOT_AVAILABLE);
        cpu.cr0 &= ~ControlBits.CR0_TS;
        cpu.updateMode();
        assertThat(run(wait)).isEqualTo(NONE);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, PAGE - 1})
    void accessToAnUnmappedPageChangesNothing(int offset) {
        int tried = 0;
        for (Encoding encoding : encodings()) {
            if (encoding.instruction().memory() != null) {
                fill();
                state.gpr[RBX] = DATA + offset;
                assertFault(encoding, PAGE_FAULT);
                tried++;
            }
        }
        assertThat(tried).isGreaterThan(100);
    }

    @Test
    void maskedStoreNeedsAllItsBytes() {
        List<Encoding> maskmovq = new ArrayList<>();
        add(maskmovq, 0x0f, 0xf7, 0xc1); // maskmovq mm0, mm1
        fill();
        state.gpr[RDI] = DATA + PAGE - 8;
        assertThat(run(maskmovq.getFirst())).isEqualTo(NONE);
        fill();
        state.setX87(5, 0x80, 0); // MM1, since TOP is 4: only its first byte is chosen
        state.gpr[RDI] = DATA + PAGE - 7;
        byte[] before = data.clone();
        assertThat(run(maskmovq.getFirst())).isEqualTo(PAGE_FAULT);
        assertThat(data).as("memory").isEqualTo(before);
        // On AMD's processors the transition to MMX comes before the fault: TOP is 0 and no register is empty.
        assertThat(state.x87Status() >> 11 & 7).as("TOP").isZero();
        assertThat(state.x87Tags()).as("tags").isEqualTo(0xff);
    }
}
