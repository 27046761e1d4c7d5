package dev.quoll.emulator.x87;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.oracle.EmulatedCpu;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The four formats of the x87 environment (SDM vol. 1, figures 8-9 to 8-12), those of real mode too, which no host runs. */
class EnvironmentFormatTest {
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x50_0000;
    private static final int REAL = 0;
    private static final int PROTECTED = Mode.PROTECTED;
    private static final int VIRTUAL_8086 = Mode.PROTECTED | Mode.VIRTUAL_8086;
    private static final int OPCODE = 0x5a3;

    private EmulatedCpu cpu;

    @BeforeEach
    void prepare() throws Exception {
        cpu = EmulatedCpu.create(List.of(new X87Family()), CODE, DATA);
        cpu.put32(StateLayout.X87_CONTROL, 0x27f);
        cpu.put32(StateLayout.X87_STATUS, 5 << 11 | 0x21);
        // Physical registers 5 (ST0), 6 and 7 hold a number, zero and infinity.
        cpu.put32(StateLayout.X87_TAG, 0x03ff);
        register(5, 0x4000, 0xc000_0000_0000_0000L);
        register(6, 0, 0);
        register(7, 0x7fff, Long.MIN_VALUE);
        cpu.put32(StateLayout.X87_OPCODE, OPCODE);
        cpu.set64(StateLayout.X87_INSTRUCTION, 0x89ab);
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0x1234);
        cpu.set64(StateLayout.X87_DATA, 0x4567);
        cpu.put32(StateLayout.X87_DATA_SELECTOR, 0x2222);
    }

    @AfterEach
    void close() {
        cpu.close();
    }

    private void register(int physical, int signExponent, long significand) {
        cpu.set64(StateLayout.X87 + 16 * physical, significand);
        cpu.set64(StateLayout.X87 + 16 * physical + 8, signExponent);
    }

    /** Runs an instruction with the operand [EBX] as if decoded in a 32-bit flat segment of that mode. */
    private void run(int mode, int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        Instruction instruction = (Instruction)
                new Decoder(CpuFeature.ALL).decode(bytes, 0, bytes.length, CodeSize.BITS32);
        cpu.set64(StateLayout.RBX, DATA);
        Op op = new X87Family()
                .translate(instruction, new BlockContext(mode | Mode.FLAT | CodeSize.BITS32.ordinal()));
        op.next = new Op() {
            @Override
            public Block run(Cpu cpu) {
                return null;
            }
        };
        op.run(cpu);
    }

    private long[] fields(int size) {
        long[] fields = new long[7];
        for (int i = 0; i < 7; i++) {
            fields[i] = cpu.loadSystem(DATA + i * size, size);
        }
        return fields;
    }

    @Test
    void protectedMode32() {
        run(PROTECTED, 0xd9, 0x33); // fnstenv [ebx]
        assertThat(fields(4))
                .containsExactly(
                        0xffff_027fL, 0xffff_2821L, 0xffff_93ffL, 0x89abL, 0x05a3_1234L, 0x4567L, 0xffff_2222L);
    }

    @Test
    void protectedMode16() {
        run(PROTECTED, 0x66, 0xd9, 0x33);
        assertThat(fields(2)).containsExactly(0x027f, 0x2821, 0x93ff, 0x89ab, 0x1234, 0x4567, 0x2222);
    }

    @Test
    void realMode32() {
        // Linear addresses: 1234:89ab is 1aceb, 2222:4567 is 26787.
        run(REAL, 0xd9, 0x33);
        assertThat(fields(4))
                .containsExactly(0xffff_027fL, 0xffff_2821L, 0xffff_93ffL, 0xacebL, 0x15a3L, 0x6787L, 0x2000L);
    }

    @Test
    void realMode16() {
        run(REAL, 0x66, 0xd9, 0x33);
        assertThat(fields(2)).containsExactly(0x027f, 0x2821, 0x93ff, 0xaceb, 0x15a3, 0x6787, 0x2000);
    }

    @Test
    void storingTheEnvironmentMasksExceptions() {
        cpu.put32(StateLayout.X87_CONTROL, 0x240);
        cpu.put32(StateLayout.X87_STATUS, 0x8081);
        run(PROTECTED, 0xd9, 0x33);
        assertThat(cpu.get32(StateLayout.X87_CONTROL)).isEqualTo(0x27f);
        assertThat(cpu.get32(StateLayout.X87_STATUS)).isEqualTo(1);
        assertThat(cpu.loadSystem(DATA + 4, 2)).isEqualTo(0x8081);
    }

    /** What FNSAVE stores and initialises, FRSTOR brings back. */
    @ParameterizedTest
    @CsvSource({"true, 32", "true, 16", "false, 32", "false, 16"})
    void saveAndRestore(boolean protectedMode, int bits) {
        int mode = protectedMode ? PROTECTED : VIRTUAL_8086;
        int[] save = bits == 16 ? new int[] {0x66, 0xdd, 0x33} : new int[] {0xdd, 0x33};
        run(mode, save);
        assertThat(cpu.get32(StateLayout.X87_TAG)).isEqualTo(0xffff);
        assertThat(cpu.get32(StateLayout.X87_CONTROL)).isEqualTo(0x37f);
        assertThat(cpu.get32(StateLayout.X87_STATUS)).isZero();
        assertThat(cpu.get64(StateLayout.X87_INSTRUCTION)).isZero();
        int registers = 7 * bits / 8;
        assertThat(cpu.loadSystem(DATA + registers, 8)).isEqualTo(0xc000_0000_0000_0000L);
        assertThat(cpu.loadSystem(DATA + registers + 8, 2)).isEqualTo(0x4000);
        assertThat(cpu.loadSystem(DATA + registers + 28, 2)).isEqualTo(0x7fff);
        register(5, 0, 1);
        save[save.length - 1] = 0x23; // frstor [ebx]
        run(mode, save);
        assertThat(cpu.get32(StateLayout.X87_CONTROL)).isEqualTo(0x27f);
        assertThat(cpu.get32(StateLayout.X87_STATUS)).isEqualTo(0x2821);
        assertThat(cpu.get64(StateLayout.X87 + 16 * 5)).isEqualTo(0xc000_0000_0000_0000L);
        assertThat(cpu.get64(StateLayout.X87 + 16 * 7 + 8)).isEqualTo(0x7fff);
        assertThat(cpu.get64(StateLayout.X87_INSTRUCTION)).isEqualTo(protectedMode ? 0x89ab : 0x1aceb);
        assertThat(cpu.get64(StateLayout.X87_DATA)).isEqualTo(protectedMode ? 0x4567 : 0x26787);
        assertThat(cpu.get32(StateLayout.X87_INSTRUCTION_SELECTOR)).isEqualTo(protectedMode ? 0x1234 : 0);
        boolean hasOpcode = !protectedMode || bits == 32;
        assertThat(cpu.get32(StateLayout.X87_OPCODE)).isEqualTo(hasOpcode ? OPCODE : 0);
    }
}
