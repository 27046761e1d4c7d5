package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.KERNEL_STACK;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** Corners of general-purpose instructions, by example; the oracles try them at random. */
class InstructionRulesTest {
    private static final int GATE = 0x8e;
    private static final int HALT = 0xf4;
    private static final long ONES = -1;

    private static SystemMachine machine() {
        SystemMachine m = SystemMachine.longMode(0);
        for (int vector : new int[] {0, 6, 13, 14}) {
            m.longGate(vector, GATE, 1);
        }
        return m;
    }

    private static SystemMachine run(SystemMachine m, int... code) {
        m.setRip(TEXT);
        m.code(code);
        m.codeAt(TEXT + code.length, HALT);
        return m.run();
    }

    private static boolean raised(SystemMachine m, int vector) {
        return m.rip() == HANDLERS + 16 * vector + 1;
    }

    @Test
    void results32BitsWideClearTheUpperHalf() {
        // mov eax, ecx; cmovc eax, ecx that does not move; shl eax, 0; shl eax, cl with cl = 32; xchg eax, eax with 87
        int[][] instructions = {
            {0x89, 0xc8}, {0x0f, 0x42, 0xc1}, {0xc1, 0xe0, 0}, {0xd3, 0xe0}, {0x87, 0xc0}, {0x0f, 0xa5, 0xc8}, {0x01, 0xd8}, {0xf7, 0xd0}
        };
        for (int[] instruction : instructions) {
            try (SystemMachine m = machine()) {
                m.set64(StateLayout.RAX, ONES);
                m.set64(StateLayout.RCX, 0xffffffff_00000020L);
                m.setArithmeticFlags(0);
                run(m, instruction);
                assertThat(m.rax() >>> 32).as("%02x", instruction[0]).isZero();
            }
        }
        // 90 is no exchange: RAX stays; 16-bit results keep the rest.
        try (SystemMachine m = machine()) {
            m.set64(StateLayout.RAX, ONES);
            run(m, 0x90, 0x66, 0x31, 0xc0);
            assertThat(m.rax()).isEqualTo(0xffffffff_ffff0000L);
        }
    }

    @Test
    void bitScansOfZeroLeaveTheDestination() {
        for (int opcode : new int[] {0xbc, 0xbd}) {
            for (int prefix : new int[] {0x48, 0x66}) {
                try (SystemMachine m = machine()) {
                    m.set64(StateLayout.RAX, 0x1122334455667788L);
                    m.set64(StateLayout.RCX, 0);
                    run(m, prefix, 0x0f, opcode, 0xc1);
                    assertThat(m.rax()).isEqualTo(0x1122334455667788L);
                    assertThat(m.zero()).isTrue();
                }
            }
        }
    }

    @Test
    void shiftCounts() {
        // A count of 0 after masking leaves all flags.
        for (int count : new int[] {0, 32, 64, 96}) {
            for (int reg = 0; reg < 8; reg++) {
                try (SystemMachine m = machine()) {
                    m.set64(StateLayout.RCX, count);
                    m.set64(StateLayout.RAX, 0x12345678);
                    m.setArithmeticFlags(Flags.STATUS);
                    run(m, 0xd3, 0xc0 | reg << 3);
                    assertThat(m.arithmeticFlags()).isEqualTo(Flags.STATUS);
                    assertThat(m.rax()).isEqualTo(0x12345678);
                }
            }
        }
        // 8-bit shifts mask by 31: shl al, 9 gives 0; rcl al, 9 is a whole turn; rcl ax, 17 likewise.
        try (SystemMachine m = machine()) {
            m.set64(StateLayout.RAX, 0xff);
            run(m, 0xc0, 0xe0, 9);
            assertThat(m.rax()).isZero();
            m.set64(StateLayout.RAX, 0xa5);
            m.setArithmeticFlags(Flags.CF);
            run(m, 0xc0, 0xd0, 9);
            assertThat(m.rax()).isEqualTo(0xa5);
            assertThat(m.carry()).isTrue();
            m.set64(StateLayout.RAX, 0xa5a5);
            m.setArithmeticFlags(0);
            run(m, 0x66, 0xc1, 0xd0, 17);
            assertThat(m.rax()).isEqualTo(0xa5a5);
            assertThat(m.carry()).isFalse();
            // shl eax, 33 is shl eax, 1.
            m.set64(StateLayout.RAX, 3);
            run(m, 0xc1, 0xe0, 33);
            assertThat(m.rax()).isEqualTo(6);
        }
    }

    @Test
    void divisionOverflow() {
        // idiv ecx of the least number by -1, in each size; div by zero.
        int[][] divisions = {{0xf6, 0xf9}, {0x66, 0xf7, 0xf9}, {0xf7, 0xf9}, {0x48, 0xf7, 0xf9}};
        for (int[] division : divisions) {
            try (SystemMachine m = machine()) {
                m.set64(StateLayout.RCX, -1);
                m.set64(StateLayout.RAX, switch (division.length == 2 ? division[0] : division[0] + 0x100) {
                    case 0xf6 -> 0xff80L;
                    case 0x166 -> 0x8000L;
                    case 0xf7 -> 0x80000000L;
                    default -> 1L << 63;
                });
                m.set64(StateLayout.RDX, -1);
                long before = m.rax();
                run(m, division);
                assertThat(raised(m, 0)).isTrue();
                assertThat(m.rax()).isEqualTo(before);
                assertThat(m.get64(StateLayout.RDX)).isEqualTo(-1);
                assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT);
            }
        }
    }

    @Test
    void lockOnRegistersAndWhereItMeansNothing() {
        int[][] instructions = {
            {0xf0, 0x01, 0xc8}, {0xf0, 0x0f, 0xb1, 0xc8}, {0xf0, 0x87, 0xc8}, {0xf0, 0x8b, 0x03}, {0xf0, 0x90}, {0xf0, 0x39, 0x03},
            {0xf0, 0x03, 0x03}, {0xf0, 0x0f, 0xa3, 0x03}, {0xf0, 0x88, 0x03}, {0xf0, 0xc1, 0x23, 1}, {0xf0, 0x0f, 0xc7, 0xf0}
        };
        for (int[] instruction : instructions) {
            try (SystemMachine m = machine()) {
                m.set64(StateLayout.RBX, 0x40000);
                run(m, instruction);
                assertThat(raised(m, 6)).as("%02x %02x", instruction[1], instruction[2 % instruction.length]).isTrue();
            }
        }
    }

    @Test
    void wideCompareAndExchangeHasToBeAligned() {
        for (int offset = 0; offset < 16; offset++) {
            try (SystemMachine m = machine()) {
                m.set64(StateLayout.RBX, 0x40000 + offset);
                run(m, 0x48, 0x0f, 0xc7, 0x0b);
                assertThat(raised(m, 13)).isEqualTo(offset != 0);
                m.set64(StateLayout.RBX, 0x40000 + offset);
                run(m, 0x0f, 0xc7, 0x0b);
                assertThat(raised(m, 13)).as("8 bytes may lie anywhere").isFalse();
            }
        }
    }

    @Test
    void stackPointerAsOperand() {
        // push rsp: the old value; pop rsp: what was popped; pop [rsp+8]: the address with RSP moved; push [rsp].
        try (SystemMachine m = machine()) {
            run(m, 0x54);
            assertThat(m.memory.readLong(KERNEL_STACK - 8)).isEqualTo(KERNEL_STACK);
        }
        try (SystemMachine m = machine()) {
            m.memory.writeLong(KERNEL_STACK, 0x40000);
            run(m, 0x5c);
            assertThat(m.rsp()).isEqualTo(0x40000);
        }
        try (SystemMachine m = machine()) {
            m.memory.writeLong(KERNEL_STACK, 0x77);
            run(m, 0x8f, 0x44, 0x24, 8);
            assertThat(m.memory.readLong(KERNEL_STACK + 16)).isEqualTo(0x77);
            assertThat(m.rsp()).isEqualTo(KERNEL_STACK + 8);
        }
        try (SystemMachine m = machine()) {
            m.memory.writeLong(KERNEL_STACK, 0x77);
            run(m, 0xff, 0x34, 0x24);
            assertThat(m.memory.readLong(KERNEL_STACK - 8)).isEqualTo(0x77);
        }
        // A POP to memory that faults leaves RSP.
        try (SystemMachine m = machine()) {
            m.pageEntry(0);
            m.flushAll();
            m.set64(StateLayout.RBX, PAGE);
            run(m, 0x8f, 0x03);
            assertThat(raised(m, 14)).isTrue();
            assertThat(m.memory.readLong(m.rsp() + 32)).isEqualTo(KERNEL_STACK);
        }
    }

    @Test
    void nearBranchesWithAnOperandSizePrefixAreCutTo16BitsAsOnAmd() {
        // 66 jmp +0: RIP loses all but 16 bits.
        int[][] branches = {{0x66, 0xeb, 0}, {0x66, 0xe9, 0, 0}, {0x66, 0x74, 0}, {0x66, 0x0f, 0x84, 0, 0}};
        for (int[] branch : branches) {
            try (SystemMachine m = machine()) {
                m.setArithmeticFlags(Flags.ZF);
                m.code(branch).step();
                assertThat(m.rip()).isEqualTo(TEXT + branch.length & 0xffff);
            }
        }
        // call pushes 2 bytes, ret pops 2.
        try (SystemMachine m = machine()) {
            m.code(0x66, 0xe8, 0, 0).step();
            assertThat(m.rip()).isEqualTo(TEXT + 4 & 0xffff);
            assertThat(m.rsp()).isEqualTo(KERNEL_STACK - 2);
            m.codeAt(TEXT + 4 & 0xffff, 0x66, 0xc3);
            m.memory.writeShort(m.rsp(), (short) 0x9000);
            m.step();
            assertThat(m.rip()).isEqualTo(0x9000);
            assertThat(m.rsp()).isEqualTo(KERNEL_STACK);
        }
    }

    @Test
    void undefinedInstructionsPointAtThemselves() {
        int[][] instructions = {{0x0f, 0x0b}, {0x0f, 0xff, 0xc0}, {0x0f, 0xb9, 0xc0}, {0x0f, 0x04}, {0x06}, {0xea}, {0xd6}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = machine()) {
                m.code(0xff, 0xc0);
                m.codeAt(TEXT + 2, instruction);
                m.run();
                assertThat(raised(m, 6)).as("%02x", instruction[0]).isTrue();
                assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT + 2);
                assertThat(m.memory.readLong(m.rsp() + 16) & Flags.RF).isNotZero();
            }
        }
    }

    @Test
    void repeatedStringsGoOnWhereTheyFaulted() {
        // rep movsb from 0x40000 to the 16 bytes in front of PAGE, which is absent at first; then a second try.
        try (SystemMachine m = machine()) {
            m.pageEntry(0);
            m.flushAll();
            for (int i = 0; i < 32; i++) {
                m.memory.writeByte(0x40000 + i, (byte) (i + 1));
            }
            m.set64(StateLayout.RSI, 0x40000);
            m.set64(StateLayout.RDI, PAGE - 16);
            m.set64(StateLayout.RCX, 32);
            run(m, 0xf3, 0xa4);
            assertThat(raised(m, 14)).isTrue();
            assertThat(m.cr2).isEqualTo(PAGE);
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(16);
            assertThat(m.get64(StateLayout.RSI)).isEqualTo(0x40010);
            assertThat(m.get64(StateLayout.RDI)).isEqualTo(PAGE);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT);
            m.pageEntry(PAGE | 7);
            m.codeAt(HANDLERS + 14 * 16, 0x48, 0x83, 0xc4, 8, 0x48, 0xcf);
            m.setRip(HANDLERS + 14 * 16);
            m.run();
            assertThat(m.rip()).isEqualTo(TEXT + 3);
            assertThat(m.memory.readByte(PAGE + 15)).isEqualTo((byte) 32);
        }
        // Backwards, with 32-bit addresses, and overlapping: the first byte spreads.
        try (SystemMachine m = machine()) {
            m.memory.writeByte(0x40000, (byte) 0x5a);
            m.set64(StateLayout.RSI, 0x40000);
            m.set64(StateLayout.RDI, 0x40001);
            m.set64(StateLayout.RCX, 100);
            run(m, 0xf3, 0xa4);
            assertThat(m.memory.readByte(0x40064)).isEqualTo((byte) 0x5a);
        }
        try (SystemMachine m = machine()) {
            m.set64(StateLayout.RSI, 0xffffffff_00040010L);
            m.set64(StateLayout.RDI, 0xffffffff_00042010L);
            m.set64(StateLayout.RCX, 0xffffffff_00000003L);
            m.memory.writeInt(0x4000c, 0x11111111);
            m.setFlag(Flags.DF, true);
            run(m, 0x67, 0xf3, 0xa5);
            assertThat(m.memory.readInt(0x4200c)).isEqualTo(0x11111111);
            assertThat(m.get64(StateLayout.RSI)).as("upper half cleared").isEqualTo(0x40004);
            assertThat(m.get64(StateLayout.RCX)).isZero();
        }
    }
}
