package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** Real mode, the ways out of it and back, and what stays of protected mode ("unreal mode", SDM vol. 3, 11.9). */
class RealModeTest {
    private static final int NOP = 0x90;
    private static final int HALT = 0xf4;

    /** A machine with a GDT and handlers at 2000:vector*16. */
    private static SystemMachine machine() {
        SystemMachine m = SystemMachine.real();
        m.descriptor(CODE32, 0, 0xfffff, 0x9b, 0xc);
        m.descriptor(SystemMachine.DATA0, 0, 0xfffff, 0x93, 0xc);
        m.descriptor(SystemMachine.CODE64, 0, 0xfffff, 0x9b, 0xa);
        m.gdtBase = GDT;
        m.gdtLimit = 0x7f;
        for (int vector = 0; vector < 32; vector++) {
            m.handler(vector);
            m.memory.writeInt(4L * vector, 0x2000_0000 | 16 * vector);
        }
        m.setRip(0);
        return m;
    }

    private static boolean at(SystemMachine m, int vector) {
        return m.selector[RegisterFile.CS] == 0x2000 && m.rip() == 16 * vector;
    }

    @Test
    void limitsOf64KibHoldUntilProtectedModeLiftsThem() {
        try (SystemMachine m = machine()) {
            m.memory.writeByte(0x123456, (byte) 0x5a);
            m.set64(StateLayout.RBX, 0x123456);
            // mov al, [ebx]
            m.code(0x67, 0x8a, 0x03).step();
            assertThat(at(m, 13)).isTrue();
        }
        try (SystemMachine m = machine()) {
            m.memory.writeByte(0x123456, (byte) 0x5a);
            m.set64(StateLayout.RBX, 0x123456);
            m.set64(StateLayout.RDX, SystemMachine.DATA0);
            // mov eax, cr0; or al, 1; mov cr0, eax; mov ds, dx; and al, 0xfe; mov cr0, eax; mov al, [ebx]; hlt
            m.code(0x0f, 0x20, 0xc0, 0x0c, 1, 0x0f, 0x22, 0xc0, 0x8e, 0xda, 0x24, 0xfe, 0x0f, 0x22, 0xc0, 0x67, 0x8a, 0x03, HALT);
            m.run();
            assertThat(m.protectedMode()).isFalse();
            assertThat(m.rax() & 0xff).isEqualTo(0x5a);
            // A new selector changes the base and leaves the limit.
            m.set64(StateLayout.RDX, 0x100);
            m.set64(StateLayout.RBX, 0x122456);
            m.setRip(0);
            m.code(0x8e, 0xda, 0x67, 0x8a, 0x0b).step().step();
            assertThat(m.get64(StateLayout.RCX) & 0xff).isEqualTo(0x5a);
        }
    }

    @Test
    void switchToProtectedAndLongModeAsATrampolineDoes() {
        try (SystemMachine m = machine()) {
            m.memory.writeLong(TABLES, TABLES + 0x1000 | 7);
            m.memory.writeLong(TABLES + 0x1000, TABLES + 0x2000 | 7);
            m.memory.writeLong(TABLES + 0x2000, 0x87);
            // lgdt from DS:0700 with a 66 prefix, then a far jump with one: 32-bit code from 16-bit code.
            m.memory.writeShort(0x700, (short) 0x7f);
            m.memory.writeInt(0x702, (int) GDT);
            long code32 = TEXT + 0x100;
            m.code(0x66, 0x0f, 0x01, 0x16, 0x00, 0x07, 0x0f, 0x20, 0xc0, 0x0c, 1, 0x0f, 0x22, 0xc0,
                    0x66, 0xea, (int) code32 & 0xff, (int) code32 >> 8 & 0xff, (int) code32 >> 16, 0, CODE32, 0);
            m.gdtBase = 0;
            // 32-bit: cr4.pae; cr3; efer.lme; cr0.pg; then a far jump to 64-bit code that loads a 64-bit constant.
            long code64 = TEXT + 0x200;
            m.codeAt(code32,
                    0xb8, 0x20, 0, 0, 0, 0x0f, 0x22, 0xe0,
                    0xb8, 0, 0, 1, 0, 0x0f, 0x22, 0xd8,
                    0xb9, 0x80, 0, 0, 0xc0, 0x0f, 0x32, 0x0d, 0, 1, 0, 0, 0x0f, 0x30,
                    0x0f, 0x20, 0xc0, 0x0d, 0, 0, 0, 0x80, 0x0f, 0x22, 0xc0,
                    0xea, (int) code64 & 0xff, (int) code64 >> 8 & 0xff, (int) code64 >> 16, 0, SystemMachine.CODE64, 0);
            m.codeAt(code64, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, HALT);
            m.run();
            assertThat(m.shutdown).isNull();
            assertThat(m.is64()).isTrue();
            assertThat(m.rax()).isEqualTo(0x0807060504030201L);
            assertThat(m.efer & ControlBits.EFER_LMA).isNotZero();
        }
    }

    @Test
    void prefixesMixOperandAndAddressSizes() {
        try (SystemMachine m = machine()) {
            m.set64(StateLayout.RBX, 0xffff_1000L);
            m.memory.writeInt(0x1004, 0x11223344);
            // mov ax, [bx+4]; mov eax, [bx+4]; mov eax, 0x12345678; push eax; mov cx, [dword 0x1004]
            m.code(0x8b, 0x47, 4, 0x66, 0x8b, 0x57, 4, 0x66, 0xb8, 0x78, 0x56, 0x34, 0x12, 0x66, 0x50,
                    0x67, 0x8b, 0x0d, 4, 0x10, 0, 0, HALT);
            m.run();
            assertThat(m.get64(StateLayout.RDX)).isEqualTo(0x11223344);
            assertThat(m.rax()).isEqualTo(0x12345678);
            assertThat(m.get64(StateLayout.RCX) & 0xffff).isEqualTo(0x3344);
            assertThat(m.rsp()).isEqualTo(0x7ffc);
            assertThat(m.memory.readInt(0x7ffc)).isEqualTo(0x12345678);
        }
    }

    @Test
    void interruptsUseTheTableWhereverItIs() {
        try (SystemMachine m = machine()) {
            m.setRflags(2 | Flags.IF | Flags.AC | Flags.CF);
            m.selector[RegisterFile.CS] = 0x3000;
            m.code(0xcd, 0x10, NOP);
            m.step();
            assertThat(at(m, 16)).isTrue();
            assertThat(m.rsp()).isEqualTo(0x7ffa);
            assertThat(m.memory.readShort(0x7ffa)).isEqualTo((short) 2);
            assertThat(m.memory.readShort(0x7ffc)).isEqualTo((short) 0x3000);
            assertThat(m.memory.readShort(0x7ffe)).isEqualTo((short) (2 | Flags.IF | Flags.CF));
            assertThat(m.rflags()).isEqualTo(2 | Flags.CF);
        }
        // Behind the table's end: #GP, and without room for that one a shutdown.
        try (SystemMachine m = machine()) {
            m.idtLimit = 4 * 16 + 2;
            m.code(0xcd, 0x10, NOP).step();
            assertThat(at(m, 13)).isTrue();
            assertThat(m.memory.readShort(0x7ffa)).as("no error code, RIP at the INT").isZero();
        }
        try (SystemMachine m = machine()) {
            m.idtLimit = 0;
            m.code(0xcd, 0x10, NOP).step();
            assertThat(m.shutdown).contains("triple fault");
        }
        // Moved.
        try (SystemMachine m = machine()) {
            m.idtBase = 0x7000;
            m.memory.writeInt(0x7000 + 4 * 0x10, 0x2000_0070);
            m.code(0xcd, 0x10, NOP).step();
            assertThat(at(m, 7)).isTrue();
        }
    }

    @Test
    void exceptionsOfLegacyInstructions() {
        // into with OF; bound outside; div by zero; aam 0; ud2.
        Object[][] cases = {
            {new int[] {0xce}, 4, 1}, {new int[] {0x62, 0x1e, 0, 7}, 5, 0}, {new int[] {0xf6, 0xf1}, 0, 0},
            {new int[] {0xd4, 0}, 0, 0}, {new int[] {0x0f, 0x0b}, 6, 0}, {new int[] {0xcc}, 3, 1}, {new int[] {0xf1}, 1, 1}
        };
        for (Object[] each : cases) {
            try (SystemMachine m = machine()) {
                m.setArithmeticFlags(Flags.OF);
                m.memory.writeInt(0x700, 5 | 9 << 16);
                m.set64(StateLayout.RBX, 10);
                m.set64(StateLayout.RCX, 0);
                m.code((int[]) each[0]).step();
                assertThat(at(m, (int) each[1])).as("vector %d", each[1]).isTrue();
                int length = ((int[]) each[0]).length;
                assertThat(m.memory.readShort(m.rsp())).isEqualTo((short) ((int) each[2] == 1 ? length : 0));
            }
        }
        // into without OF, bound inside.
        try (SystemMachine m = machine()) {
            m.memory.writeInt(0x700, 5 | 9 << 16);
            m.set64(StateLayout.RBX, 9);
            m.code(0xce, 0x62, 0x1e, 0, 7, HALT).run();
            assertThat(m.rip()).isEqualTo(6);
        }
    }

    @Test
    void decimalInstructionsAndFrames() {
        try (SystemMachine m = machine()) {
            // mov ax, 0x35; aam; aad; mov al, 0x9; add al, 0x8; daa; hlt
            m.code(0xb8, 0x35, 0, 0xd4, 10, HALT).run();
            assertThat(m.rax() & 0xffff).isEqualTo(0x0503);
            m.setRip(0);
            m.code(0xd5, 10, HALT).run();
            assertThat(m.rax() & 0xffff).isEqualTo(0x35);
            m.setRip(0);
            m.code(0xb0, 9, 4, 8, 0x27, HALT).run();
            assertThat(m.rax() & 0xff).isEqualTo(0x17);
            // enter 6, 0; leave
            m.set64(StateLayout.RBP, 0x1234);
            m.setRip(0);
            m.code(0xc8, 6, 0, 0, HALT).run();
            assertThat(m.rsp()).isEqualTo(0x7ff8);
            assertThat(m.get64(StateLayout.RBP)).isEqualTo(0x7ffe);
            m.setRip(0);
            m.code(0xc9, HALT).run();
            assertThat(m.rsp()).isEqualTo(0x8000);
            assertThat(m.get64(StateLayout.RBP)).isEqualTo(0x1234);
        }
    }

    @Test
    void enterCopiesTheDisplay() {
        try (SystemMachine m = machine()) {
            m.set64(StateLayout.RBP, 0x9000);
            m.memory.writeShort(0x8ffe, (short) 0x1111);
            m.memory.writeShort(0x8ffc, (short) 0x2222);
            // enter 4, 3
            m.code(0xc8, 4, 0, 3, HALT).run();
            int[] frame = {0x9000, 0x1111, 0x2222, 0x7ffe};
            for (int i = 0; i < 4; i++) {
                assertThat(m.memory.readShort(0x7ffe - 2 * i) & 0xffff).isEqualTo(frame[i]);
            }
            assertThat(m.get64(StateLayout.RBP)).isEqualTo(0x7ffe);
            assertThat(m.rsp()).isEqualTo(0x7ff4);
        }
    }

    @Test
    void instructionPointerEndsWithTheSegment() {
        try (SystemMachine m = machine()) {
            m.setRip(0xffff);
            m.codeAt(TEXT + 0xffff, NOP).step();
            m.step();
            assertThat(at(m, 13)).isTrue();
        }
        // A short jump over the end wraps within 16 bits.
        try (SystemMachine m = machine()) {
            m.setRip(0xfffe);
            m.codeAt(TEXT + 0xfffe, 0xeb, 0x10).step();
            assertThat(m.rip()).isEqualTo(0x10);
        }
    }
}
