package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuProfile;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Operands that reach over 4 GiB in compatibility mode go on at 0, whatever 64-bit code of the same address space has been
 * at behind 4 GiB (SDM vol. 1, 3.3.7; vol. 3, 5.3.1): every instruction that accesses its operand in parts.
 */
class OperandWrapTest {
    private static final long TOP = 0x6_0000;
    private static final long DECOY = 0x6_1000;
    private static final long TABLES = 0x1_3000;
    private static final long DIRECTORY_POINTERS = 0x1_1000;

    private static final long MIDDLE = 0x8000_0000L;

    /** Bytes of the operand below 4 GiB, and the instruction, whose operand is at EBX. */
    private record Access(int below, String code) {}

    private static final List<Access> ACCESSES = List.of(
            new Access(8, "0f 10 03"), // movups xmm0, [ebx]
            new Access(8, "0f 11 0b"), // movups [ebx], xmm1
            new Access(5, "0f 11 0b"),
            new Access(8, "c5 fc 10 03"), // vmovups ymm0, [ebx]
            new Access(24, "c5 fc 11 0b"), // vmovups [ebx], ymm1
            new Access(8, "c5 f8 11 0b"), // vmovups [ebx], xmm1
            new Access(8, "db e3 db 2b"), // fninit; fld tbyte [ebx]
            new Access(8, "db e3 d9 eb db 3b"), // fninit; fldpi; fstp tbyte [ebx]
            new Access(28, "db e3 d9 eb dd 33"), // fninit; fldpi; fnsave [ebx]
            new Access(14, "d9 33"), // fnstenv [ebx]
            new Access(256, "db e3 d9 eb 0f ae 03"), // fninit; fldpi; fxsave [ebx]
            new Access(4, "62 03"), // bound eax, [ebx]
            new Access(4, "c4 03"), // les eax, [ebx]
            new Access(2, "0f 01 03"), // sgdt [ebx]
            new Access(8, "89 df 66 0f f7 d2")); // mov edi, ebx; maskmovdqu xmm2, xmm2

    private static void map(WholeCpu whole) {
        whole.memory.writeLong(DIRECTORY_POINTERS + 3 * 8, TABLES | 3);
        whole.memory.writeLong(TABLES + 511 * 8, TABLES + 0x1000 | 3);
        whole.memory.writeLong(TABLES + 0x1000 + 511 * 8, TOP | 3);
        whole.memory.writeLong(DIRECTORY_POINTERS + 4 * 8, TABLES + 0x2000 | 3);
        whole.memory.writeLong(TABLES + 0x2000, TABLES + 0x3000 | 3);
        whole.memory.writeLong(TABLES + 0x3000, DECOY | 3);
    }

    /** 64-bit code reads and writes the page behind 4 GiB, or does not; then compatibility mode accesses the operand. */
    private static List<Object> outcome(Access access, boolean known) throws Exception {
        try (WholeCpu whole = new WholeCpu(CpuProfile.V3)) {
            map(whole);
            for (int i = 0; i < 4096; i++) {
                whole.memory.writeByte(TOP + i, (byte) (i * 7));
                whole.memory.writeByte(DECOY + i, (byte) 0x55);
            }
            // What lies at 0 is BOUND's upper limit, a null selector for LES, and a number for the rest.
            for (int i = 0; i < 0x200; i++) {
                whole.memory.writeByte(i, (byte) (i < 4 ? i == 3 ? 0x7f : 0 : i * 5));
            }
            whole.cpu.cr4 |= ControlBits.CR4_OSXSAVE;
            whole.cpu.xcr0 = 7;
            whole.cpu.updateMode();
            if (known) {
                // mov rbx, 1 << 32; mov eax, [rbx]; mov [rbx], eax
                assertThat(whole.run("48 bb 00 00 00 00 01 00 00 00 8b 03 89 03")).isEqualTo(-1);
            }
            Cpu cpu = whole.cpu;
            cpu.access[RegisterFile.CS] = 0x9b | Cpu.DESCRIPTOR_DB;
            cpu.limit[RegisterFile.CS] = 0xffff_ffffL;
            // Offsets do not wrap, linear addresses do: the operand's segments begin in the middle.
            for (int segment : new int[] {RegisterFile.DS, RegisterFile.ES, RegisterFile.SS}) {
                cpu.access[segment] = 0x93 | Cpu.DESCRIPTOR_DB;
                cpu.limit[segment] = 0xffff_ffffL;
                cpu.setSegmentBase(segment, segment == RegisterFile.SS ? 0 : MIDDLE);
            }
            cpu.updateMode();
            for (int i = 0; i < 3; i++) {
                cpu.set64(StateLayout.xmm(i), 0x8182838485868788L * (i + 1));
                cpu.set64(StateLayout.xmm(i) + 8, 0x9192939495969798L * (i + 1));
            }
            cpu.set64(StateLayout.RAX, 0x7000_0000);
            cpu.set64(StateLayout.RBX, 0x1_0000_0000L - MIDDLE - access.below);
            assertThat(whole.run(access.code)).as(access.code).isEqualTo(-1);
            List<Object> state = new ArrayList<>();
            state.add(cpu.get64(StateLayout.RAX));
            state.add(cpu.get64(StateLayout.RIP_BASE));
            state.add(HexFormat.of().formatHex(((CpuElement.Xsave) whole.cpu.read(CpuElement.Kind.XSAVE)).area()));
            for (long at : new long[] {0, TOP + 4096 - 0x200, DECOY}) {
                byte[] bytes = new byte[0x200];
                whole.memory.read(at, bytes, 0, bytes.length);
                state.add(HexFormat.of().formatHex(bytes));
            }
            return state;
        }
    }

    @Test
    void partsBehind4GibAreAtZero() throws Exception {
        for (Access access : ACCESSES) {
            assertThat(outcome(access, true)).as(access.toString()).isEqualTo(outcome(access, false));
        }
    }
}
