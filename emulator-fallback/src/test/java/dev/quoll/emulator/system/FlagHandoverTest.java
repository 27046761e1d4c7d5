package dev.quoll.emulator.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.core.StateLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flags that the interpreter leaves mean the same to code of every tier. */
class FlagHandoverTest {
    private static final int CLD = 0xfc;
    private static final int STC = 0xf9;
    private static final int CLC = 0xf8;
    private static final int HLT = 0xf4;

    /** Operands alike, so that only the borrow makes a carry: a comparison of the operands would not find it. */
    @ParameterizedTest
    @CsvSource({"off, true", "off, false", "host, true", "host, false", "bytecode, true", "bytecode, false"})
    void aBorrowIntoADifference(String tier, boolean borrow) throws Exception {
        // A block that begins with CLD is interpreted: cld; stc or clc; sbb eax, edx; jmp; the next one is not: jb; mov ecx, 1 or 2.
        int[] code = {
            CLD, borrow ? STC : CLC, 0x19, 0xd0, 0xeb, 0x00, 0x72, 0x06, 0xb9, 1, 0, 0, 0, HLT, 0xb9, 2, 0, 0, 0, HLT
        };
        try (SystemMachine m = TestTier.with(tier, () -> SystemMachine.longMode(0))) {
            m.code(code);
            m.set64(StateLayout.RAX, 7);
            m.set64(StateLayout.RDX, 7);
            m.run();
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(borrow ? 2 : 1);
        }
    }
}
