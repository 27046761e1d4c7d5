package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.GuestMemory;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When AVX is there, and what becomes of its state, on whole virtual CPUs of profile v3. */
class VectorStateTest {
    private static final long AREA = 0x40000;
    private static final int INVALID_OPCODE = 6;
    private static final int DEVICE_NOT_AVAILABLE = 7;
    private static final int GENERAL_PROTECTION = 13;
    private static final long ALL_STATE = 7;

    private static final String VPADDD = "c5f5fec2"; // vpaddd ymm0, ymm1, ymm2
    private static final String XSETBV = "0f01d1";
    /** Reset leaves another control word than XSAVE's initial one. */
    private static final String FNINIT = "dbe3";

    private static final String XSAVE = "0fae23"; // xsave [rbx]
    private static final String XSAVEC = "0fc723"; // xsavec [rbx]
    private static final String XRSTOR = "0fae2b"; // xrstor [rbx]

    private WholeCpu whole;
    private EmulatorCpu cpu;
    private GuestMemory memory;

    @BeforeEach
    void build() throws Exception {
        whole = new WholeCpu(CpuProfile.V3);
        cpu = whole.cpu;
        memory = whole.memory;
        cpu.cr4 |= ControlBits.CR4_OSXSAVE;
        cpu.xcr0 = ALL_STATE;
        cpu.set64(StateLayout.RBX, AREA);
    }

    @AfterEach
    void close() {
        whole.close();
    }

    /** Runs code and a HLT; returns the vector it raised, or -1. */
    private int run(String code) {
        return whole.run(code);
    }

    @Test
    void availability() {
        assertThat(run(VPADDD)).isEqualTo(-1);

        cpu.cr0 |= ControlBits.CR0_EM;
        assertThat(run(VPADDD)).as("CR0.EM is for legacy SSE").isEqualTo(-1);
        cpu.cr4 &= ~ControlBits.CR4_OSFXSR;
        assertThat(run(VPADDD)).as("so is CR4.OSFXSR").isEqualTo(-1);

        cpu.cr0 |= ControlBits.CR0_TS;
        assertThat(run(VPADDD)).isEqualTo(DEVICE_NOT_AVAILABLE);
        cpu.xcr0 = 3;
        assertThat(run(VPADDD)).as("#UD comes first").isEqualTo(INVALID_OPCODE);
        cpu.cr0 &= ~ControlBits.CR0_TS;
        assertThat(run(VPADDD)).isEqualTo(INVALID_OPCODE);
        cpu.xcr0 = ALL_STATE;
        cpu.cr4 &= ~ControlBits.CR4_OSXSAVE;
        assertThat(run(VPADDD)).isEqualTo(INVALID_OPCODE);
    }

    @Test
    void noVexInRealMode() {
        cpu.reset();
        cpu.cr4 |= ControlBits.CR4_OSXSAVE;
        cpu.xcr0 = ALL_STATE;
        for (String code : List.of(VPADDD, "c4e278f2c1")) { // and andn eax, eax, ecx
            cpu.setSegmentBase(RegisterFile.CS, WholeCpu.TEXT);
            cpu.selector[RegisterFile.CS] = (int) (WholeCpu.TEXT >> 4);
            assertThat(run(code)).isEqualTo(INVALID_OPCODE);
        }
    }

    @Test
    void extendedControlRegister() {
        cpu.set64(StateLayout.RCX, 0);
        for (int value = 0; value < 16; value++) {
            cpu.xcr0 = 1;
            cpu.set64(StateLayout.RAX, value);
            cpu.set64(StateLayout.RDX, 0);
            boolean valid = value == 1 || value == 3 || value == 7;
            assertThat(run(XSETBV)).as("XCR0 = " + value).isEqualTo(valid ? -1 : GENERAL_PROTECTION);
            assertThat(cpu.xcr0).isEqualTo(valid ? value : 1);
        }
        cpu.set64(StateLayout.RCX, 1);
        cpu.set64(StateLayout.RAX, 1);
        assertThat(run(XSETBV)).as("XCR1").isEqualTo(GENERAL_PROTECTION);
    }

    @Test
    void initialStateIsNotWritten() {
        fillVectors();
        for (int i = 0; i < 16; i++) {
            cpu.clearUpperYmm(i);
        }
        cpu.set64(StateLayout.RAX, ALL_STATE);
        for (int offset = 512; offset < 1024; offset += 8) {
            memory.writeLong(AREA + offset, offset < 576 ? 0 : -1);
        }
        assertThat(run(FNINIT + XSAVE)).isEqualTo(-1);
        assertThat(memory.readLong(AREA + 512)).as("XSTATE_BV: x87 and AVX are initial").isEqualTo(2);
        assertThat(memory.readLong(AREA + 576)).as("XSAVE stores all the same").isZero();
        memory.writeLong(AREA + 576, -1);
        assertThat(run(XSAVEC)).isEqualTo(-1);
        assertThat(memory.readLong(AREA + 512)).isEqualTo(2);
        assertThat(memory.readLong(AREA + 520)).as("XCOMP_BV").isEqualTo(1L << 63 | ALL_STATE);
        assertThat(memory.readLong(AREA + 576)).as("XSAVEC does not").isEqualTo(-1);

        fillVectors();
        assertThat(run(XRSTOR)).isEqualTo(-1);
        for (int i = 0; i < 16; i++) {
            assertThat(quadword(i, 1)).isEqualTo(16 * i + 2);
            assertThat(quadword(i, 2) | quadword(i, 3)).isZero();
        }
    }

    @Test
    void compactedAreaLeavesNoGap() {
        fillVectors();
        // Components 0 and 2: the upper halves still come right behind the header.
        cpu.set64(StateLayout.RAX, 5);
        assertThat(run(FNINIT + XSAVEC)).isEqualTo(-1);
        assertThat(memory.readLong(AREA + 512)).isEqualTo(4);
        assertThat(memory.readLong(AREA + 576 + 16 * 15)).isEqualTo(quadword(15, 2));
        for (int i = 0; i < 16; i++) {
            cpu.clearUpperYmm(i);
        }
        assertThat(run(XRSTOR)).isEqualTo(-1);
        assertThat(quadword(15, 3)).isEqualTo(16 * 15 + 4);
        // A component that the format does not have cannot be present.
        memory.writeLong(AREA + 512, 6);
        assertThat(run(XRSTOR)).isEqualTo(GENERAL_PROTECTION);
    }

    @Test
    void savedStateHoldsTheUpperHalves() {
        fillVectors();
        CpuElement saved = StateElements.read(cpu, CpuElement.Kind.XSAVE);
        for (int i = 0; i < 16; i++) {
            cpu.setXmm(i, 0, 0);
            cpu.clearUpperYmm(i);
        }
        StateElements.write(cpu, saved);
        for (int i = 0; i < 16; i++) {
            for (int index = 0; index < 4; index++) {
                assertThat(quadword(i, index)).isEqualTo(16 * i + index + 1);
            }
        }
    }

    private void fillVectors() {
        for (int i = 0; i < 16; i++) {
            for (int index = 0; index < 4; index++) {
                cpu.set64(StateLayout.xmm(i) + 8 * index, 16 * i + index + 1);
            }
        }
    }

    private long quadword(int register, int index) {
        return cpu.get64(StateLayout.xmm(register) + 8 * index);
    }
}
