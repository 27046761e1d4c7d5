package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.CpuProfile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** #UD and #NM of the floating-point and vector units in every setting of CR0 and CR4 (SDM vol. 3, tables 2-4, 12-1). */
class AvailabilityTest {
    private static final int INVALID_OPCODE = 6;
    private static final int DEVICE_NOT_AVAILABLE = 7;

    private enum Unit {
        X87,
        WAIT,
        MMX,
        SSE,
        XSAVE,
        /** Belongs to a vector extension and touches none of its state. */
        NONE;

        int vector(boolean emulated, boolean switched, boolean monitored, boolean fxsr, boolean xsave) {
            int task = switched ? DEVICE_NOT_AVAILABLE : -1;
            return switch (this) {
                case X87 -> emulated ? DEVICE_NOT_AVAILABLE : task;
                case WAIT -> monitored ? task : -1;
                case MMX -> emulated ? INVALID_OPCODE : task;
                case SSE -> emulated || !fxsr ? INVALID_OPCODE : task;
                case XSAVE -> xsave ? task : INVALID_OPCODE;
                case NONE -> -1;
            };
        }
    }

    /** Memory operands are [RBX]. */
    @ParameterizedTest
    @CsvSource({
        "X87, d9e8, fld1",
        "X87, d93b, fnstcw",
        "X87, dbe3, fninit",
        "X87, 0fae03, fxsave",
        "X87, 0fae0b, fxrstor",
        "WAIT, 9b, fwait",
        "MMX, 0f77, emms",
        "MMX, 0fefc1, pxor mm",
        "MMX, 0f6ec0, movd mm",
        "MMX, 0f3800c1, pshufb mm",
        "MMX, 0fd4c1, paddq mm",
        "SSE, 0f58c1, addps",
        "SSE, 660f58c1, addpd",
        "SSE, f20f7cc1, haddps",
        "SSE, 0fae13, ldmxcsr",
        "SSE, 0fae1b, stmxcsr",
        "SSE, 660f3800c1, pshufb xmm",
        "SSE, 660f3a0bc100, roundsd",
        "SSE, 660f38dcc1, aesenc",
        "SSE, 660f3a44c100, pclmulqdq",
        "SSE, 0f2ac0, cvtpi2ps",
        "SSE, f20fd6c0, movdq2q",
        "SSE, 0f2b03, movntps",
        "XSAVE, 0fae23, xsave",
        "XSAVE, 0fc723, xsavec",
        "XSAVE, 0fae33, xsaveopt",
        "NONE, 0fc303, movnti",
        "NONE, 0faef8, sfence",
        "NONE, 0faee8, lfence",
        "NONE, 0faef0, mfence",
        "NONE, 0f180b, prefetcht0",
        "NONE, f30fb8c0, popcnt",
        "NONE, f20f38f1c0, crc32",
        "NONE, 0fae3b, clflush",
        "NONE, f390, pause"
    })
    void everySetting(Unit unit, String code, String name) throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            for (int setting = 0; setting < 32; setting++) {
                boolean emulated = (setting & 1) != 0;
                boolean switched = (setting & 2) != 0;
                boolean monitored = (setting & 4) != 0;
                boolean fxsr = (setting & 8) != 0;
                boolean xsave = (setting & 16) != 0;
                m.enter();
                m.cpu.cr0 |= (emulated ? ControlBits.CR0_EM : 0)
                        | (switched ? ControlBits.CR0_TS : 0)
                        | (monitored ? ControlBits.CR0_MP : 0);
                m.cpu.cr4 = m.cpu.cr4 & ~ControlBits.CR4_OSFXSR
                        | (fxsr ? ControlBits.CR4_OSFXSR : 0)
                        | (xsave ? ControlBits.CR4_OSXSAVE : 0);
                m.cpu.put32(StateLayout.X87_CONTROL, 0x37f);
                m.cpu.put32(StateLayout.X87_STATUS, 0);
                m.memory.clear(0x40000, 4096);
                m.memory.writeInt(0x40000 + 24, 0x1f80);
                m.cpu.set64(StateLayout.RBX, 0x40000);
                m.cpu.set64(StateLayout.RAX, 3);
                m.cpu.set64(StateLayout.RDX, 0);
                // ldmxcsr reads the first dword.
                m.memory.writeInt(0x40000, unit == Unit.SSE ? 0x1f80 : 0);
                assertThat(m.run(code))
                        .as("%s, EM %s, TS %s, MP %s, OSFXSR %s, OSXSAVE %s", name, emulated, switched, monitored, fxsr, xsave)
                        .isEqualTo(unit.vector(emulated, switched, monitored, fxsr, xsave));
            }
        }
    }
}
