package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.DATA16;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.OTHER_TASK;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE32;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE64;
import static dev.quoll.emulator.system.SystemMachine.USER_DATA;
import static dev.quoll.emulator.system.SystemMachine.USER_STACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** IRET in every mode: what is popped, which flags change, what is refused (SDM vol. 2, IRET; APM vol. 3, IRET). */
class InterruptReturnTest {
    private static final long TARGET = TEXT + 0x400;
    private static final int EVERYTHING = 0x3f7fd5 & ~(Flags.TF | Flags.VM | Flags.RF);

    private static void gates(SystemMachine m, boolean longMode) {
        for (int vector = 10; vector < 15; vector++) {
            if (longMode) {
                m.longGate(vector, 0x8e, 0);
            } else {
                m.legacyGate(vector, CODE32, 0x8e);
            }
        }
    }

    private static void push(SystemMachine m, int size, long... values) {
        for (int i = 0; i < values.length; i++) {
            long at = m.rsp() + (long) size * i;
            switch (size) {
                case 2 -> m.memory.writeShort(at, (short) values[i]);
                case 4 -> m.memory.writeInt(at, (int) values[i]);
                default -> m.memory.writeLong(at, values[i]);
            }
        }
    }

    @Test
    void longModePopsTheStackPointerWhateverThePrivilege() {
        int[][] forms = {{0x66, 2}, {0x90, 4}, {0x48, 8}};
        for (int[] form : forms) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                long target = form[1] == 2 ? 0x9000 : TARGET;
                push(m, form[1], target, CODE64, 2, 0x7770, DATA0);
                m.code(form[0], 0xcf);
                m.setRip(form[0] == 0x90 ? TEXT + 1 : TEXT);
                m.step();
                assertThat(m.rip()).isEqualTo(target);
                assertThat(m.rsp()).as("same level, RSP popped").isEqualTo(0x7770);
                assertThat(m.selector[RegisterFile.SS]).isEqualTo(DATA0);
            }
        }
    }

    @Test
    void nullStackSegment() {
        // SS, CS, whether legal: null is, in 64-bit code below level 3, with the level as RPL.
        int[][] cases = {{0, CODE64, 1}, {1, CODE64, 0}, {3, USER_CODE64 | 3, 0}, {0, CODE32, 0}, {3, USER_CODE32 | 3, 0}};
        for (int[] each : cases) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m, true);
                push(m, 8, TARGET, each[1], 2, 0x7770, each[0]);
                m.code(0x48, 0xcf).step();
                if (each[2] == 1) {
                    assertThat(m.rip()).isEqualTo(TARGET);
                    assertThat(m.access[RegisterFile.SS]).isEqualTo(RegisterFile.UNUSABLE);
                } else {
                    assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
                    assertThat(m.memory.readLong(m.rsp())).isZero();
                }
            }
        }
    }

    @Test
    void refusalsNameTheSelector() {
        // CS, SS; vector, error code.
        int[][] cases = {
            {0, DATA0, 13, 0}, {0xfff8, DATA0, 13, 0xfff8}, {DATA0, DATA0, 13, DATA0}, {FREE, DATA0, 11, FREE},
            {CODE64 | 3, USER_DATA | 3, 13, CODE64}, {USER_CODE64 | 3, DATA0, 13, DATA0},
            {USER_CODE64 | 3, USER_CODE32 | 3, 13, USER_CODE32}, {USER_CODE64 | 3, OTHER_TASK | 3, 12, OTHER_TASK},
            {USER_CODE64 | 3, 0xfffb, 13, 0xfff8}
        };
        for (int[] each : cases) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                gates(m, true);
                m.descriptor(FREE, 0, 0xfffff, 0x1b, 0xa);
                m.descriptor(OTHER_TASK, 0, 0xfffff, 0x73, 0xc);
                long pointer = m.rsp();
                push(m, 8, TARGET, each[0], 2, 0x7770, each[1]);
                m.code(0x48, 0xcf).step();
                assertThat(m.rip()).as("CS %x, SS %x", each[0], each[1]).isEqualTo(HANDLERS + 16 * each[2]);
                assertThat(m.memory.readLong(m.rsp())).isEqualTo(each[3]);
                assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(TEXT);
                assertThat(m.memory.readLong(m.rsp() + 32)).isEqualTo(pointer);
            }
        }
        // From level 3 no return leads inward.
        try (SystemMachine m = SystemMachine.longMode(3)) {
            gates(m, true);
            push(m, 8, TARGET, CODE64, 2, 0x7770, DATA0);
            m.code(0x48, 0xcf).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(CODE64);
        }
        // NT in long mode.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m, true);
            m.setFlag(Flags.NT, true);
            push(m, 8, TARGET, CODE64, 2, 0x7770, DATA0);
            m.code(0x48, 0xcf).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.memory.readLong(m.rsp())).isZero();
        }
    }

    @Test
    void flagsFollowPrivilegeAndSize() {
        for (int size : new int[] {2, 4}) {
            for (int level = 0; level < 4; level++) {
                for (int iopl = 0; iopl < 4; iopl++) {
                    for (boolean set : new boolean[] {false, true}) {
                        try (SystemMachine m = SystemMachine.protectedMode(level)) {
                            gates(m, false);
                            // NT would make it a task's return.
                            int old = 2 | iopl << 12 | (set ? 0 : EVERYTHING & ~(Flags.IOPL | Flags.NT | Flags.VIP));
                            m.setRflags(old);
                            m.updateMode();
                            int image = set ? EVERYTHING : 0;
                            push(m, size, 0x9000, m.selector[RegisterFile.CS], image);
                            // A descriptor for levels 1 and 2.
                            m.descriptor(m.selector[RegisterFile.CS], 0, 0xfffff, 0x9b | level << 5, 0xc);
                            m.code(size == 2 ? 0x66 : 0x90, 0xcf);
                            m.setRip(size == 2 ? TEXT : TEXT + 1);
                            m.step();
                            int mask = Flags.STATUS | Flags.DF | Flags.NT;
                            mask |= size == 4 ? Flags.AC | Flags.ID : 0;
                            mask |= level <= iopl ? Flags.IF : 0;
                            mask |= level == 0 ? Flags.IOPL : 0;
                            mask |= level == 0 && size == 4 ? Flags.VIF | Flags.VIP : 0;
                            String name = "size %d, level %d, IOPL %d, set %s".formatted(size, level, iopl, set);
                            assertThat(m.rip()).as(name).isEqualTo(0x9000);
                            assertThat(m.rflags()).as(name).isEqualTo(2 | old & ~mask | image & mask);
                        }
                    }
                }
            }
        }
    }

    @Test
    void sixteenBitStackKeepsTheUpperHalf() {
        // The "espfix" case: back to a 16-bit stack segment, only SP is loaded.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.descriptor(FREE, 0, 0xffff, 0xf3, 0);
            m.set64(StateLayout.RSP, 0x5_0000);
            push(m, 8, 0x9000, USER_CODE32 | 3, 2, 0x1234_5678, FREE | 3);
            m.code(0x48, 0xcf).step();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.stackSize()).isEqualTo(2);
            assertThat(m.rsp() & 0xffff).isEqualTo(0x5678);
            assertThat(m.rsp() >>> 16).as("the kernel's").isEqualTo(5);
        }
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            push(m, 4, 0x9000, CODE32, 2);
            SegmentLoader.commit(m, RegisterFile.SS, DATA16, m.memory.readLong(GDT + DATA16));
            m.set64(StateLayout.RSP, 0xabcd_7000L);
            m.memory.writeInt(0x7000, 0x9000);
            m.memory.writeInt(0x7004, CODE32);
            m.memory.writeInt(0x7008, 2);
            m.updateMode();
            m.code(0xcf).step();
            assertThat(m.rip()).isEqualTo(0x9000);
            assertThat(m.rsp()).isEqualTo(0xabcd_700cL);
        }
    }

    @Test
    void compatibilityCodePopsTheStackOnlyToAnOuterLevel() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            SegmentLoader.commit(m, RegisterFile.CS, CODE32, m.memory.readLong(GDT + CODE32));
            m.updateMode();
            long pointer = m.rsp();
            push(m, 4, TARGET, CODE64, 2, 0x1111, 0x2222);
            m.code(0xcf).step();
            assertThat(m.rip()).isEqualTo(TARGET);
            assertThat(m.is64()).isTrue();
            assertThat(m.rsp()).isEqualTo(pointer + 12);
        }
        try (SystemMachine m = SystemMachine.longMode(0)) {
            SegmentLoader.commit(m, RegisterFile.CS, CODE32, m.memory.readLong(GDT + CODE32));
            m.updateMode();
            // VM in the image means nothing in long mode.
            push(m, 4, TARGET, USER_CODE32 | 3, 2 | Flags.VM, USER_STACK, USER_DATA | 3);
            m.code(0xcf).step();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rsp()).isEqualTo(USER_STACK);
            assertThat(m.virtual8086()).isFalse();
        }
    }

    @Test
    void realModeKeepsTheVirtualFlags() {
        for (int size : new int[] {2, 4}) {
            try (SystemMachine m = SystemMachine.real()) {
                m.setRflags(2 | Flags.VIF);
                m.setRip(0);
                push(m, size, 0x10, 0x3000, EVERYTHING & ~Flags.VIF);
                m.code(size == 2 ? 0x90 : 0x66, 0xcf);
                m.setRip(size == 2 ? 1 : 0);
                m.step();
                assertThat(m.rip()).isEqualTo(0x10);
                assertThat(m.rflags())
                        .isEqualTo(2 | Flags.VIF | EVERYTHING & (size == 2 ? 0xffff : 0xffff | Flags.AC | Flags.ID));
            }
        }
    }

    @Test
    void popfFollowsPrivilegeAndSize() {
        for (int size : new int[] {2, 4}) {
            for (int level = 0; level < 4; level++) {
                for (int iopl = 0; iopl < 4; iopl++) {
                    for (boolean set : new boolean[] {false, true}) {
                        try (SystemMachine m = SystemMachine.protectedMode(level)) {
                            int old = 2 | iopl << 12 | (set ? 0 : EVERYTHING & ~Flags.IOPL);
                            m.setRflags(old);
                            m.updateMode();
                            int image = set ? EVERYTHING : 0;
                            push(m, size, image);
                            m.code(size == 2 ? 0x66 : 0x90, 0x9d);
                            m.setRip(size == 2 ? TEXT : TEXT + 1);
                            m.step();
                            int mask = Flags.STATUS | Flags.DF | Flags.NT;
                            mask |= size == 4 ? Flags.AC | Flags.ID : 0;
                            mask |= level <= iopl ? Flags.IF : 0;
                            mask |= level == 0 ? Flags.IOPL : 0;
                            assertThat(m.rflags())
                                    .as("size %d, level %d, IOPL %d, set %s", size, level, iopl, set)
                                    .isEqualTo(2 | old & ~mask | image & mask);
                        }
                    }
                }
            }
        }
    }
}
